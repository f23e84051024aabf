"""Arms that other routes lead to: their users need the pods whatever a release does (pure)."""

from collections.abc import Iterator

from steps.cluster.api import Object
from steps.survey.arms import SurveyedArm, SurveyedArms, deployments_behind
from steps.survey.checks.other_routes import is_pair, weighted_sides
from steps.survey.objects import Survey, name_of
from steps.survey.splits import Side
from steps.traffic.routes import label_of
from steps.traffic.senders import senders_of


def kept_arms(survey: Survey, arms: SurveyedArms) -> dict[str, str]:
    """Return the Deployments of a release whose pods alone another route leads to → the routes, half a sentence.

    A route that reaches the pods of both arms is not left without pods when one arm stops. A route with both arms as
    its destinations counts where the release does not move its weights.
    """
    found: dict[str, list[str]] = {}
    for obj in survey.virtual_services:
        for route, sides in _other_routes(arms, obj):
            for arm in arms.both:
                if any(_needs(survey, arm, side) for side in sides):
                    found.setdefault(arm.deployment, []).append(f"{route} of VirtualService {name_of(obj)}")
    return {name: _lead_to_it(routes) for name, routes in sorted(found.items())}


def _other_routes(arms: SurveyedArms, obj: Object) -> Iterator[tuple[str, list[Side]]]:
    """Yield the routes of a VirtualService that a release leaves alone, with the sides that get their requests."""
    name, spec = name_of(obj), obj.get("spec") or {}
    for kind in ("http", "tcp", "tls"):
        for index, body in enumerate(spec.get(kind) or []):
            label = label_of(index, body) if kind == "http" else f"#{index}"
            is_named = not arms.names.routes or label in arms.names.routes
            if kind == "http" and arms.is_released(name) and is_named and is_pair(arms, body, name.namespace):
                continue
            prefix = "route" if kind == "http" else f"{kind} route"
            yield f"{prefix} {label}", weighted_sides(body, name.namespace)
        if kind == "http":
            yield from ((sender.route, [sender.side]) for sender in senders_of(obj) if sender.is_mirror)


def _needs(survey: Survey, arm: SurveyedArm, side: Side) -> bool:
    return side == arm.side or tuple(deployments_behind(survey, side)) == (arm.deployment,)


def _lead_to_it(routes: list[str]) -> str:
    return f"{' and '.join(routes)} {'leads' if len(routes) == 1 else 'lead'} to it"
