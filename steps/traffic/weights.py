"""Set the weight: of a run, with its state and phase in the same patch, or without a claim."""

from collections.abc import Sequence
from dataclasses import replace

from steps.claim.amend import Edit, amend, amendment, phases_until, zero_now
from steps.claim.annotations import annotations_of, edit_annotations, expect_unchanged
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import approval_key, claim_key
from steps.claim.lookup import refuse_competing
from steps.claim.observed import ObservedClaim
from steps.claim.state import StateChanges
from steps.claim.verdicts import without_verdict
from steps.cluster.api import Object, Operation
from steps.errors import NotOwnerError, PermanentError
from steps.model.run import Claim, Destination, Phase, RouteTarget, RunState
from steps.traffic.destinations import ArmDestinations
from steps.traffic.disown import disown
from steps.traffic.drift import arm_destinations, require_own_routes
from steps.traffic.routes import ALL, Route, locate, locate_all, weigh

CLIMBING = frozenset({Phase.PREPARED, Phase.WALKING})


def set_weight(
    writer: GuardedWriter, claim: Claim, weight: int, changes: StateChanges, *, allow_foreign: bool
) -> Claim:
    """Write the anchor first, so that the state knows of the weight, then the others; see `Traffic.set_weight`."""
    phase = Phase.WALKING if weight and claim.phase is Phase.PREPARED else claim.phase
    anchor, *others = claim.state.targets
    doing = _doing(weight, anchor)

    def decide(obj: Object, seen: ObservedClaim) -> Edit:
        if phase is Phase.ROLLING_BACK and weight > seen.state.weight:
            raise NotOwnerError(doing, f"run {claim.run} is rolling back; the weight can only be lowered.")
        edits = _weights(obj, seen, anchor, weight, doing, allow_foreign=allow_foreign)
        state = replace(with_weight(seen.state, weight, writer.cluster.now()), paused_weight=0)
        state = replace(state, **changes)
        if phase in CLIMBING and weight != seen.state.weight:
            state = without_verdict(state, weight)
        return Edit(state, phase, edits)

    before = claim.state.weights
    claim = amend(writer, claim, anchor, frozenset({claim.phase, phase}), doing, decide)
    moved = [_follow(writer, claim, target, weight, allow_foreign=allow_foreign) for target in others]
    return zero_now(writer, claim, anchor, doing) if any(moved) or claim.state.weights != before else claim


def set_weight_unclaimed(
    writer: GuardedWriter,
    targets: tuple[RouteTarget, ...],
    stable: Destination,
    canary: Destination,
    weight: int,
) -> int:
    """Set the weight on every target; see `Traffic.set_weight_unclaimed`."""
    previous: list[int] = []
    for target in targets:
        doing = _doing(weight, target)
        before: list[int] = []

        def plan(
            obj: Object, target: RouteTarget = target, doing: str = doing, before: list[int] = before
        ) -> list[Operation]:
            refuse_competing(writer.cluster, obj, target, doing)
            arms = ArmDestinations(stable, canary, target.virtual_service.namespace)
            routes, trouble = locate(obj, target.routes, arms)
            if trouble:
                raise PermanentError(doing, f"{trouble}. Run the step again.")
            before[:] = [route.canary for route in routes]
            edits = [entry for route in routes for entry in weigh(route, weight)]
            # A run that begins in between writes annotations: only an unchanged object still has no claim.
            return [*expect_unchanged(obj), *edits] if edits else []

        writer.write(target.virtual_service, plan)
        if weight in {0, ALL}:
            disown(writer, target.virtual_service)
        previous += before
    return previous[0] if previous else 0


def _follow(writer: GuardedWriter, claim: Claim, target: RouteTarget, weight: int, *, allow_foreign: bool) -> bool:
    """Set the weight on another VirtualService; return whether it was not set there."""
    moved: list[Operation] = []
    doing = _doing(weight, target)

    def follow(obj: Object, seen: ObservedClaim) -> Edit | None:
        edits = _weights(obj, seen, target, weight, doing, allow_foreign=allow_foreign)
        moved[:] = edits
        if not edits and seen.state.weight == weight and seen.token.phase is claim.phase:
            return None
        return Edit(claim.state, claim.phase, edits)

    operations = amendment(writer, claim, target, phases_until(claim.phase), doing, follow)

    def decide(obj: Object) -> Sequence[Operation]:
        if (not weight or claim.phase not in CLIMBING) and _is_released(obj, claim, target, weight):
            return []  # released already, by a step that was killed before it released the anchor
        return operations(obj)

    writer.write(target.virtual_service, decide)
    return bool(moved)


def _is_released(obj: Object, claim: Claim, target: RouteTarget, weight: int) -> bool:
    """Return whether nobody claims this VirtualService for the app, and its canary has the weight."""
    if claim_key(claim.app) in annotations_of(obj):
        return False
    routes = locate_all(obj, target.routes, arm_destinations(claim.state, target))
    return all(route.canary == weight for route in routes)


def with_weight(state: RunState, weight: int, now: float) -> RunState:
    """Return the state with a weight added, unless it is the last one already."""
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
    # An approval counts for the weight at which it was given: the next weight has not been judged yet.
    return [*edits, *edit_annotations(obj, {approval_key(seen.app): None})] if edits else []


def _doing(weight: int, target: RouteTarget) -> str:
    return f"setting weight {weight} on VirtualService {target.virtual_service}"
