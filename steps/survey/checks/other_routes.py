"""Routes to the canary that do not pass the released ones: their users meet it at weight 0 (pure)."""

from collections.abc import Iterator, Mapping
from typing import Any

from steps.cluster.api import Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.survey.arms import SurveyedArms, deployments_behind
from steps.survey.commands import patch_command, pointer
from steps.survey.matches import described_match, hosts_of
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Problem
from steps.survey.splits import Side, side_of
from steps.traffic.routes import http_routes, label_of, weight_at

_STAYS = "It is not scaled to 0 as long as such a route leads to it: a rollback puts its old template back."


def check_other_routes(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each route of any VirtualService that leads to the canary without being released."""
    return [problem for obj in survey.virtual_services for problem in _of(survey, arms, obj)]


def leads_to_canary(survey: Survey, arms: SurveyedArms, side: Side) -> bool:
    """Return whether requests for a side reach the canary's destination or pods."""
    pods = deployments_behind(survey, side)
    made_before = arms.canary.found is not None and arms.canary.deployment in pods
    return side == arms.canary.side or made_before


def leads_to_stable(survey: Survey, arms: SurveyedArms, side: Side) -> bool:
    """Return whether requests for a side reach stable's destination or pods."""
    return side == arms.stable.side or arms.stable.deployment in deployments_behind(survey, side)


def _of(survey: Survey, arms: SurveyedArms, obj: Object) -> Iterator[Problem]:
    name = name_of(obj)
    for index, body in enumerate(http_routes(obj)):
        label = label_of(index, body)
        sides = weighted_sides(body, name.namespace)
        if is_pair(arms, body, name.namespace):
            continue
        reached = [side for side in sides if leads_to_canary(survey, arms, side)]
        if reached:
            yield _problem(survey, arms, obj, f"route {label} ({described_match(body)})", reached, ("http", index))
        yield from _mirror(survey, arms, obj, index)
    for kind in ("tcp", "tls"):
        for index, body in enumerate((obj.get("spec") or {}).get(kind) or []):
            reached = [side for side in weighted_sides(body, name.namespace) if leads_to_canary(survey, arms, side)]
            if reached:
                yield _problem(survey, arms, obj, f"{kind} route #{index}", reached, (kind, index))


def is_pair(arms: SurveyedArms, body: Mapping[str, Any], namespace: str) -> bool:
    """Return whether a route splits between the two arms: its weights are the release's, or another check's."""
    return {arms.stable.side, arms.canary.side} <= {side_of(one, namespace) for one in body.get("route") or []}


def weighted_sides(body: Mapping[str, Any], namespace: str) -> list[Side]:
    """Return the sides to which a route sends requests."""
    entries = body.get("route") or []
    return [side_of(one, namespace) for place, one in enumerate(entries) if weight_at(entries, place)]


def _problem(
    survey: Survey, arms: SurveyedArms, obj: Object, route: str, reached: list[Side], at: tuple[str, int]
) -> Problem:
    canary, name = arms.canary, name_of(obj)
    where = " and ".join(sorted({"/".join(filter(None, side)) for side in reached}))
    text = f"its {route}, hosts {hosts_of(obj)}, leads to {where}, "
    away = _to_stable(survey, arms, obj, at)
    if any(leads_to_stable(survey, arms, side) for side in reached):
        text += (
            f"whose pods are those of both arms, {arms.stable.deployment} and {canary.deployment}: its users get the"
            f" canary at any weight."
        )
        return Problem("other-route", f"VirtualService {name}", text, (away,), "warns")
    text += (
        f"the canary's pods alone: its users get the new image as soon as it is rolled out for a release, at weight 0"
        f" and before it is judged. {_between(arms)}"
    )
    return Problem("other-route", f"VirtualService {name}", text, (away,), "warns")


def _to_stable(survey: Survey, arms: SurveyedArms, obj: Object, at: tuple[str, int]) -> str:
    """Return the command that sends a route's requests to stable, where they lead to the canary now."""
    kind, index = at
    body, namespace = obj["spec"][kind][index], name_of(obj).namespace
    destination = {"host": arms.stable.side[0], "subset": arms.stable.side[1]}
    operations = []
    for place, entry in enumerate(body.get("route") or []):
        if leads_to_canary(survey, arms, side_of(entry, namespace)):
            kept = {key: value for key, value in entry["destination"].items() if key not in destination}
            value = {**{key: text for key, text in destination.items() if text}, **kept}
            path = pointer("spec", kind, index, "route", place, "destination")
            operations.append({"op": "replace", "path": path, "value": value})
    return patch_command(VIRTUAL_SERVICE, name_of(obj), *operations)


def _is_empty(deployment: Object) -> bool:
    return int(deployment["spec"].get("replicas", 1)) == 0


def _between(arms: SurveyedArms) -> str:
    """Return what the route's users get now and after a run."""
    canary = arms.canary
    if canary.found is None or _is_empty(canary.found):
        now = "no pod is behind the route."
        if not arms.is_made:
            return f"Between releases they get 503, as they do now: {now} Scale {canary.deployment} up if it is wanted."
        return f"{_STAYS} Until the first release they get 503, as they do now: {now}"
    ready = int((canary.found.get("status") or {}).get("readyReplicas") or 0)
    if not ready:
        return _STAYS
    return f"{_STAYS} Now {ready} ready {'pod is' if ready == 1 else 'pods are'} behind the route."


def _mirror(survey: Survey, arms: SurveyedArms, obj: Object, index: int) -> Iterator[Problem]:
    """Yield a problem if a route mirrors requests to the canary, with the command that ends that."""
    name, body = name_of(obj), http_routes(obj)[index]

    def is_canary(destination: Mapping[str, Any]) -> bool:
        side = side_of({"destination": destination}, name.namespace)
        return leads_to_canary(survey, arms, side) and not leads_to_stable(survey, arms, side)

    entries = body.get("mirrors") or []
    places = [at for at, one in enumerate(entries) if is_canary(one.get("destination") or {})]
    # From the last one: a removal moves those behind it.
    paths = [pointer("spec", "http", index, "mirrors", at) for at in reversed(places)]
    if places and len(places) == len(entries):
        paths = [pointer("spec", "http", index, "mirrors")]
    if body.get("mirror") and is_canary(body["mirror"]):
        share = ("mirrorPercentage", "mirrorPercent", "mirror_percent")
        paths += [pointer("spec", "http", index, key) for key in ("mirror", *share) if key in body]
    if paths:
        text = (
            f"its route {label_of(index, body)} mirrors requests to the canary {arms.canary.deployment}: copies are"
            f" counted as its own requests, and whatever they write is written twice."
        )
        remedy = patch_command(VIRTUAL_SERVICE, name, *({"op": "remove", "path": path} for path in paths))
        yield Problem("mirror", f"VirtualService {name}", text, (remedy,), "warns")
