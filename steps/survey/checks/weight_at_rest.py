"""Weights before a release: the canary has users although no run gave it any, or weights do not sum to 100 (pure)."""

from collections.abc import Iterator

from steps.cluster.api import Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.survey.arms import SurveyedArms
from steps.survey.commands import patch_command, pointer
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Problem
from steps.traffic.destinations import ArmDestinations, describe
from steps.traffic.routes import ALL, Route, weight_at, with_both_arms


def check_weight_at_rest(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each released route whose weights are not 100 for stable and 0 for the canary."""
    del survey
    return [problem for obj in arms.released for route in _routes(arms, obj) for problem in _of(arms, obj, route)]


def check_third_destinations(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each released route with a destination of neither arm; at weight 0 it is a note."""
    del survey
    return [problem for obj in arms.released for route in _routes(arms, obj) for problem in _third(arms, obj, route)]


def _routes(arms: SurveyedArms, obj: Object) -> list[Route]:
    names = arms.names
    destinations = ArmDestinations(names.stable_destination, names.canary_destination, name_of(obj).namespace)
    found = with_both_arms(obj, destinations, alone=False)
    return [route for route in found if not names.routes or route.label in names.routes]


def _of(arms: SurveyedArms, obj: Object, route: Route) -> Iterator[Problem]:
    about = f"VirtualService {name_of(obj)}"
    weights = [weight_at(route.destinations, place) for place in range(len(route.destinations))]
    if sum(weights) != ALL:
        shown = " and ".join(map(str, weights))
        text = f"the weights of its route {route.label} are {shown} (an absent one counts 0) and sum to {sum(weights)}."
        yield Problem("weights", about, text, (_at_rest(obj, route), "--at-rest reset"))
    elif route.canary:
        text = (
            f"its route {route.label} gives the canary {arms.canary.destination} weight {route.canary} and"
            f" {arms.stable.destination} weight {route.stable}, and no run owns it: {route.canary} % of its users are"
            f" on the canary before it is judged. A run starts with all weight on stable: --at-rest reset returns them"
            f" first. --at-rest adopt keeps them there, with the new version, and judges from this weight on."
        )
        yield Problem("weight-at-rest", about, text, ("--at-rest reset", "--at-rest adopt", _at_rest(obj, route)))


def _at_rest(obj: Object, route: Route) -> str:
    """Return the command that gives all weight to stable."""
    operations = [
        {
            "op": "add",
            "path": pointer("spec", "http", route.index, "route", place, "weight"),
            "value": ALL if place == route.stable_at else 0,
        }
        for place in range(len(route.destinations))
    ]
    return patch_command(VIRTUAL_SERVICE, name_of(obj), *operations)


def _third(arms: SurveyedArms, obj: Object, route: Route) -> Iterator[Problem]:
    name = name_of(obj)
    for place, entry in enumerate(route.destinations):
        if place in {route.stable_at, route.canary_at}:
            continue
        weight, where = weight_at(route.destinations, place), pointer("spec", "http", route.index, "route", place)
        text = f"its route {route.label} has a third destination, {describe(entry)}, with weight {weight}."
        remedy = patch_command(VIRTUAL_SERVICE, name, {"op": "remove", "path": where})
        if weight:
            # Its part goes to stable, so that the weights still sum to 100.
            path = pointer("spec", "http", route.index, "route", route.stable_at, "weight")
            weigh = {"op": "add", "path": path, "value": route.stable + weight}
            remedy = patch_command(VIRTUAL_SERVICE, name, weigh, {"op": "remove", "path": where})
        if not weight:
            yield Problem("third-destination", f"VirtualService {name}", f"{text} It stays so.", (remedy,), "notes")
            continue
        only = f"{arms.stable.destination} and {arms.canary.destination}"
        text += f" A released route gives requests to {only} alone."
        yield Problem("third-destination", f"VirtualService {name}", text, (remedy,))
