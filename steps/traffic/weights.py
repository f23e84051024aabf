"""Set the weight of an owned run: routes, state, expiry and phase of a VirtualService in one fenced patch."""

from dataclasses import replace
from typing import Any

from steps.claim.annotations import annotations_of, edit_annotations, expect_token, expect_unchanged, update_annotations
from steps.claim.guarded_write import GuardedWriter, require_own_claim
from steps.claim.keys import approval_key, claim_key
from steps.claim.lookup import refuse_competing
from steps.claim.observed import ObservedClaim, observe_claim
from steps.claim.renewal import is_renewal_due, with_new_expiry
from steps.claim.token import is_later
from steps.claim.verdicts import without_verdict
from steps.cluster.api import Cluster, Object, Operation
from steps.errors import NotOwnerError, PermanentError
from steps.model.run import Claim, Destination, Phase, RouteTarget, RunState
from steps.traffic.destinations import ArmDestinations
from steps.traffic.drift import arm_destinations, require_own_routes
from steps.traffic.routes import Route, locate, locate_all, weigh

_CLIMBING = frozenset({Phase.PREPARED, Phase.WALKING})


def set_weight(
    cluster: Cluster, writer: GuardedWriter, claim: Claim, weight: int, changes: dict[str, Any], *, allow_foreign: bool
) -> Claim:
    """Write the anchor first, so that the state knows of the weight, then the others; see `Traffic.set_weight`."""
    wanted = Phase.WALKING if weight and claim.phase is Phase.PREPARED else claim.phase
    first = claim.state.targets[0]
    doing = f"setting weight {weight} on VirtualService {first.virtual_service}"

    def plan(obj: Object) -> list[Operation]:
        seen = require_own_claim(obj, claim, frozenset({claim.phase, wanted}), doing)
        if wanted is Phase.ROLLING_BACK and weight > seen.state.weight:
            raise NotOwnerError(doing, f"run {claim.run} is rolling back; its weight can only fall now.")
        edits = _weights(obj, seen, first, weight, doing, allow_foreign=allow_foreign)
        state = replace(with_weight(seen.state, weight, cluster.now()), **{"paused_weight": 0, **changes})
        if wanted in _CLIMBING and weight != seen.state.weight:
            state = without_verdict(state, weight)
        if edits or state != seen.state or is_renewal_due(state, cluster.now()):
            state = with_new_expiry(state, cluster.now())
        return [
            *with_test(obj, seen.app, edits),
            *update_annotations(obj, replace(claim, phase=wanted, state=state)),
        ]

    now = observe_claim(writer.write(first.virtual_service, plan), claim.app)
    claim = now.as_claim() if now else claim
    for target in claim.state.targets[1:]:
        _follow(writer, claim, target, weight, allow_foreign=allow_foreign)
    return claim


def set_weight_unclaimed(
    cluster: Cluster,
    writer: GuardedWriter,
    targets: tuple[RouteTarget, ...],
    stable: Destination,
    canary: Destination,
    weight: int,
) -> int:
    """Set the weight on every target; see `Traffic.set_weight_unclaimed`."""
    previous: list[int] = []
    for target in targets:
        doing = f"setting weight {weight} on VirtualService {target.virtual_service}"
        before: list[int] = []

        def plan(
            obj: Object, target: RouteTarget = target, doing: str = doing, before: list[int] = before
        ) -> list[Operation]:
            refuse_competing(cluster, obj, target, doing)
            arms = ArmDestinations(stable, canary, target.virtual_service.namespace)
            routes, trouble = locate(obj, target.routes, arms)
            if trouble:
                raise PermanentError(doing, f"{trouble}. Run the step again.")
            before[:] = [route.canary for route in routes]
            edits = [entry for route in routes for entry in weigh(route, weight)]
            # The claim of a run that begins now is an annotation: only an object as read has none.
            return [*expect_unchanged(obj), *edits] if edits else []

        writer.write(target.virtual_service, plan)
        previous += before
    return previous[0] if previous else 0


def _follow(writer: GuardedWriter, claim: Claim, target: RouteTarget, weight: int, *, allow_foreign: bool) -> None:
    doing = f"setting weight {weight} on VirtualService {target.virtual_service}"
    # A kill between two VirtualServices leaves the others in an earlier phase.
    phases = frozenset(phase for phase in Phase if not is_later(phase, claim.phase))

    def plan(obj: Object) -> list[Operation]:
        if not weight and _is_at_rest(obj, claim, target):
            return []  # released already, by an end that was killed before it released the anchor
        seen = require_own_claim(obj, claim, phases, doing)
        edits = _weights(obj, seen, target, weight, doing, allow_foreign=allow_foreign)
        if not edits and seen.state.weight == weight and seen.token.phase is claim.phase:
            return []
        return [*with_test(obj, seen.app, edits), *update_annotations(obj, claim)]

    writer.write(target.virtual_service, plan)


def _is_at_rest(obj: Object, claim: Claim, target: RouteTarget) -> bool:
    """Tell whether nobody claims this VirtualService for the app, and its canary has no weight."""
    if claim_key(claim.app) in annotations_of(obj):
        return False
    return not any(route.canary for route in locate_all(obj, target.routes, arm_destinations(claim.state, target)))


def with_weight(state: RunState, weight: int, now: float) -> RunState:
    """Return the state with a weight noted, if it is not the last one."""
    if state.weight == weight:
        return state
    return replace(state, weights=(*state.weights, (round(now, 1), weight)))


def _weights(
    obj: Object, seen: ObservedClaim, target: RouteTarget, weight: int, doing: str, *, allow_foreign: bool
) -> list[Operation]:
    routes: list[Route] = (
        locate_all(obj, target.routes, arm_destinations(seen.state, target))
        if allow_foreign
        else require_own_routes(obj, target, seen.state, doing)
    )
    edits = [entry for route in routes for entry in weigh(route, weight, lenient=allow_foreign)]
    # Consent counts for the weight it was given at: what is judged at the next one is not known yet.
    return [*edits, *edit_annotations(obj, {approval_key(seen.app): None})] if edits else []


def with_test(obj: Object, app: str, edits: list[Operation]) -> list[Operation]:
    """Put the test of the token before the weights: it must see the token as read, before a new phase is written."""
    return [*expect_token(obj, app), *edits] if edits else []
