"""Compare the weights of a run's routes with what the run last wrote."""

from steps.claim.observed import name_of
from steps.cluster.api import Object
from steps.errors import ForeignWrite
from steps.model.run import RouteTarget, RunState
from steps.traffic.destinations import ArmDestinations
from steps.traffic.managers import last_manager, remedy
from steps.traffic.routes import ALL, Route, locate


def arm_destinations(state: RunState, target: RouteTarget) -> ArmDestinations:
    """Return the destinations of the run's arms, as names in the target's VirtualService."""
    return ArmDestinations(state.stable, state.canary, target.virtual_service.namespace)


def require_own_routes(obj: Object, target: RouteTarget, state: RunState, doing: str) -> list[Route]:
    """Return the run's routes, whose weights must be as the run last wrote them.

    Raises:
        ForeignWrite: a route or a weight is not.
    """
    routes, trouble = locate(obj, target.routes, arm_destinations(state, target))
    expected = state.weight
    wrong = [route for route in routes if (route.stable, route.canary) != (ALL - expected, expected)]
    if not trouble and wrong:
        route = wrong[0]
        trouble = (
            f"route {route.label} has stable {route.stable}, canary {route.canary}"
            f" where this run set {ALL - expected} and {expected}"
        )
    if trouble:
        cause = (
            f"VirtualService {name_of(obj)}: {trouble}. spec.http was last changed by {last_manager(obj)}."
            f" {remedy(obj)}, or end this run with rollback, which restores stable."
        )
        raise ForeignWrite(doing, cause)
    return routes
