"""Weights at rest: what a run does with a canary that has users although no run gave it any.

Each way is a `RouteStart`: it runs within the patch that takes the claim, so no other run and no person comes between.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

from steps.claim.amend import RouteStart
from steps.claim.observed import name_of
from steps.cluster.api import Object, Operation
from steps.errors import PermanentError
from steps.model.run import ObjectName, RouteTarget, RunState
from steps.traffic.drift import arm_destinations
from steps.traffic.routes import ALL, Route, locate, weigh

AtRest = Literal["refuse", "reset", "adopt"]


def require_rest(obj: Object, target: RouteTarget, state: RunState, doing: str) -> list[Operation]:
    """Require that all weight is on stable and that the routes are still there; return nothing to do.

    Raises:
        PermanentError: names the route, the weights to set, and the two other ways.
    """
    arms = arm_destinations(state, target)
    for route in _routes(obj, target, state, doing):
        if (route.stable, route.canary) != (ALL, 0):
            at = f"spec.http[{route.index}].route"
            cause = (
                f"route {route.label} of VirtualService {name_of(obj)} gives {arms.canary} weight {route.canary} and"
                f" {arms.stable} weight {route.stable}, but no run has a claim. A run starts with all weight on stable:"
                f" set {at}[{route.canary_at}].weight: 0 and {at}[{route.stable_at}].weight: 100. Or release with"
                " --at-rest reset, which does that first, or with --at-rest adopt, which keeps the weights and judges"
                " from there on."
            )
            raise PermanentError(doing, cause)
    return []


def return_to_stable(obj: Object, target: RouteTarget, state: RunState, doing: str) -> list[Operation]:
    """Return the operations that put all weight on stable.

    Raises:
        PermanentError: the routes are no longer there.
    """
    return [entry for route in _routes(obj, target, state, doing) for entry in weigh(route, 0)]


def keep_weight(obj: Object, target: RouteTarget, state: RunState, doing: str) -> list[Operation]:
    """Require that the weights are those that the run adopts; return nothing to do.

    Raises:
        PermanentError: somebody changed them in the meantime.
    """
    for route in _routes(obj, target, state, doing):
        if (route.stable, route.canary) != (ALL - state.weight, state.weight):
            cause = (
                f"route {route.label} of VirtualService {name_of(obj)} has stable {route.stable}, canary {route.canary}"
                f" by now, where this run was to adopt {ALL - state.weight} and {state.weight}. Run prepare again."
            )
            raise PermanentError(doing, cause)
    return []


STARTS: Final[Mapping[AtRest, RouteStart]] = MappingProxyType(
    {"refuse": require_rest, "reset": return_to_stable, "adopt": keep_weight}
)


def adopted_weight(weights: Mapping[tuple[ObjectName, str], int], ladder: Sequence[int], doing: str) -> int:
    """Return the one weight that all routes give the canary (0-100).

    Args:
        weights: by VirtualService and route.
        ladder: weights that the run will climb, () if unknown.
        doing: the action in errors.

    Raises:
        PermanentError: the routes have different weights, or one above the ladder's end.
    """
    found = set(weights.values())
    if len(found) > 1:
        shown = ", ".join(f"{weight} on route {label} of {name}" for (name, label), weight in weights.items())
        cause = f"the canary's weights differ: {shown}. A run has one weight: make them equal, or use --at-rest reset."
        raise PermanentError(doing, cause)
    weight = found.pop() if found else 0
    if ladder and weight > max(ladder):
        cause = (
            f"the canary has weight {weight}, above the end of the ladder, {max(ladder)}: nothing would be judged at"
            f" it. Add {weight} to the ladder, or use --at-rest reset."
        )
        raise PermanentError(doing, cause)
    return weight


def _routes(obj: Object, target: RouteTarget, state: RunState, doing: str) -> list[Route]:
    routes, trouble = locate(obj, target.routes, arm_destinations(state, target))
    if trouble:
        raise PermanentError(doing, f"{trouble}. Run prepare again.")
    return routes
