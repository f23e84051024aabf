"""Set the weight of an owned run: routes, memory, expiry and phase of a VirtualService in one fenced patch."""

from dataclasses import replace
from typing import Any

from steps.cluster.api import Cluster, Object, Operation
from steps.errors import NotOwnerError
from steps.model.run import Claim, Memory, Phase, RouteTarget
from steps.traffic import patches
from steps.traffic.expected import arms_in, own_routes
from steps.traffic.fence import Fence, owned
from steps.traffic.keys import approval_key, claim_key
from steps.traffic.renewal import is_due, renewed
from steps.traffic.routes import Route, locate_all
from steps.traffic.sightings import Sighting, sighting
from steps.traffic.stamp import is_later
from steps.traffic.stamping import restamp
from steps.traffic.verdicts import without_verdict

_CLIMBING = frozenset({Phase.PREPARED, Phase.WALKING})


def set_weight(
    cluster: Cluster, fence: Fence, claim: Claim, weight: int, changes: dict[str, Any], *, allow_foreign: bool
) -> Claim:
    """Write the holder first, so that the memory knows of the weight, then the others; see `Traffic.set_weight`."""
    wanted = Phase.WALKING if weight and claim.phase is Phase.PREPARED else claim.phase
    first = claim.memory.targets[0]
    doing = f"setting weight {weight} on VirtualService {first.virtual_service}"

    def plan(obj: Object) -> list[Operation]:
        seen = owned(obj, claim, frozenset({claim.phase, wanted}), doing)
        if wanted is Phase.ROLLING_BACK and weight > seen.memory.weight:
            raise NotOwnerError(doing, f"run {claim.run} is rolling back; its weight can only fall now.")
        edits = _weights(obj, seen, first, weight, doing, allow_foreign=allow_foreign)
        memory = replace(with_weight(seen.memory, weight, cluster.now()), **{"paused_weight": 0, **changes})
        if wanted in _CLIMBING and weight != seen.memory.weight:
            memory = without_verdict(memory, weight)
        if edits or memory != seen.memory or is_due(memory, cluster.now()):
            memory = renewed(memory, cluster.now())
        return [*fenced(obj, seen.app, edits), *restamp(obj, replace(claim, phase=wanted, memory=memory))]

    now = sighting(fence.write(first.virtual_service, plan), claim.app)
    claim = now.as_claim() if now else claim
    for target in claim.memory.targets[1:]:
        _follow(fence, claim, target, weight, allow_foreign=allow_foreign)
    return claim


def _follow(fence: Fence, claim: Claim, target: RouteTarget, weight: int, *, allow_foreign: bool) -> None:
    doing = f"setting weight {weight} on VirtualService {target.virtual_service}"
    # A kill between two VirtualServices leaves the others in an earlier phase.
    phases = frozenset(phase for phase in Phase if not is_later(phase, claim.phase))

    def plan(obj: Object) -> list[Operation]:
        if not weight and _is_at_rest(obj, claim, target):
            return []  # released already, by an end that was killed before it released the holder
        seen = owned(obj, claim, phases, doing)
        edits = _weights(obj, seen, target, weight, doing, allow_foreign=allow_foreign)
        if not edits and seen.memory.weight == weight and seen.stamp.phase is claim.phase:
            return []
        return [*fenced(obj, seen.app, edits), *restamp(obj, claim)]

    fence.write(target.virtual_service, plan)


def _is_at_rest(obj: Object, claim: Claim, target: RouteTarget) -> bool:
    """Tell whether nobody claims this VirtualService for the app, and its canary has no weight."""
    if claim_key(claim.app) in patches.annotations(obj):
        return False
    return not any(route.canary for route in locate_all(obj, target.routes, arms_in(claim.memory, target)))


def with_weight(memory: Memory, weight: int, now: float) -> Memory:
    """Return the memory with a weight noted, if it is not the last one."""
    if memory.weight == weight:
        return memory
    return replace(memory, weights=(*memory.weights, (round(now, 1), weight)))


def _weights(
    obj: Object, seen: Sighting, target: RouteTarget, weight: int, doing: str, *, allow_foreign: bool
) -> list[Operation]:
    routes: list[Route] = (
        locate_all(obj, target.routes, arms_in(seen.memory, target))
        if allow_foreign
        else own_routes(obj, seen, target, doing)
    )
    edits = [entry for route in routes for entry in patches.weigh(route, weight, lenient=allow_foreign)]
    # Consent counts for the weight it was given at: what is judged at the next one is not known yet.
    return [*edits, *patches.annotate(obj, {approval_key(seen.app): None})] if edits else []


def fenced(obj: Object, app: str, edits: list[Operation]) -> list[Operation]:
    """Put the test of the token before the weights: it must see the token as read, before a new phase is written."""
    return [*patches.same_token(obj, app), *edits] if edits else []
