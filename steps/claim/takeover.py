"""Take a claim over under a new epoch, so that its old owner can no longer write anything.

The users move by the same patch, so that a process which dies after it leaves no new owner with the old weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from steps.claim.amend import Edit, amend, zero_now
from steps.claim.annotations import write_annotations
from steps.claim.errors import ClaimHeld
from steps.claim.expiry import is_expired
from steps.claim.guarded_write import GuardedWriter
from steps.claim.observed import ObservedClaim, not_owner, observe_claim
from steps.claim.record import record_of
from steps.claim.unclaimed import close_unclaimed
from steps.cluster.api import Object, Operation
from steps.errors import Interrupted, NotFound, NotOwnerError, StepError
from steps.model.run import Claim, ObjectName, Phase, RouteTarget, RunState

log: structlog.stdlib.BoundLogger = structlog.get_logger()

REPAIR_SECONDS: Final = 120.0
"""How long the claim of a recovery outlives its last renewal. If the recovery dies, users may still be on the canary of
a dead run, so the next sweep must not wait as long as after a release."""

RouteReturn = Callable[[Object, RouteTarget, RunState], tuple[Sequence[Operation], RunState]]
"""Returns the operations that return a VirtualService's users, and the state after them."""


def leave_routes(_: Object, __: RouteTarget, state: RunState) -> tuple[Sequence[Operation], RunState]:
    """Return no operations: the routes stay as they are."""
    return (), state


def take_over(
    writer: GuardedWriter,
    victim: Claim,
    run: str,
    reason: str,
    *,
    supersede: bool,
    undoes: str = "",
    routes: RouteReturn = leave_routes,
) -> Claim:
    """Write the anchor first, then the others that still carry the victim's token; see `Claims.take_over`."""
    anchor = victim.state.targets[0]
    doing = f"taking over the claim of run {victim.run} on VirtualService {anchor.virtual_service}"
    epoch = victim.epoch + 1

    moved: list[ObjectName] = []

    def noted(obj: Object, target: RouteTarget, state: RunState) -> tuple[Sequence[Operation], RunState]:
        edits, state = routes(obj, target, state)
        moved.extend([target.virtual_service] if edits else [])
        return edits, state

    def plan(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, victim.app)
        if seen is not None and (seen.token.run, seen.token.epoch) == (run, epoch):
            return []
        if seen is None or not seen.token.is_of(victim):
            raise not_owner(doing, seen)
        if not supersede and not is_expired(seen.state, writer.cluster.now()):
            raise ClaimHeld(doing, seen.as_claim(), writer.cluster.now())
        state = _state_after(seen, victim, writer.cluster.now(), reason, supersede=supersede, undoes=undoes)
        edits, state = noted(obj, anchor, state)
        return [*write_annotations(obj, Claim(victim.app, run, epoch, Phase.ROLLING_BACK, state)), *edits]

    try:
        first = observe_claim(writer.write(anchor.virtual_service, plan), victim.app)
    except (NotOwnerError, Interrupted):
        raise
    except StepError:
        if supersede or is_expired(victim.state, writer.cluster.now()):
            _return_others(writer, victim, reason, routes)
        raise
    if first is None:
        raise not_owner(doing, None)
    claim = first.as_claim()
    _take_others(writer, claim, noted)
    return zero_now(writer, claim, anchor, doing) if moved else claim


def _state_after(
    seen: ObservedClaim, victim: Claim, now: float, reason: str, *, supersede: bool, undoes: str
) -> RunState:
    expiry = min(seen.state.expiry_seconds, REPAIR_SECONDS)
    workloads = seen.state.workloads
    if workloads is not None and seen.token.phase is Phase.PROMOTING and not workloads.promoting_since:
        # The new phase hides that the run was promoting, which decides how it ends.
        workloads = replace(workloads, promoting_since=round(now, 1))
    return replace(
        seen.state,
        # The copy on a VirtualService without its anchor still lists those that no longer belong to it.
        targets=victim.state.targets,
        workloads=workloads,
        expires=round(now, 1) + expiry,
        expiry_seconds=expiry,
        reason=seen.state.reason or reason,
        undoes=seen.state.undoes or undoes,
        rescued=seen.state.rescued or ("" if supersede else victim.run),
    )


def _take_others(writer: GuardedWriter, claim: Claim, routes: RouteReturn) -> None:
    """Take every other VirtualService of the claim; one that fails keeps no users of the others waiting."""
    problems: list[StepError] = []
    for target in claim.state.targets[1:]:

        def follow(obj: Object, target: RouteTarget = target) -> list[Operation]:
            seen = observe_claim(obj, claim.app)
            if seen is None:
                record = record_of(claim, "rolled-back", claim.state.reason, writer.cluster.now())
                return close_unclaimed(obj, claim, record)
            if not seen.is_part_of(claim) or seen.token.is_of(claim):
                return []
            edits, state = routes(obj, target, claim.state)
            return [*write_annotations(obj, replace(claim, state=state)), *edits]

        _tried(writer, target, follow, problems)
    if problems:
        raise problems[0]


def _return_others(writer: GuardedWriter, victim: Claim, reason: str, routes: RouteReturn) -> None:
    """Return the users of the other VirtualServices under the old token, where the first one cannot be written."""
    for target in victim.state.targets[1:]:
        doing = f"returning the users of run {victim.run} on VirtualService {target.virtual_service}"

        def decide(obj: Object, seen: ObservedClaim, target: RouteTarget = target) -> Edit:
            edits, state = routes(obj, target, replace(seen.state, reason=seen.state.reason or reason))
            return Edit(state, Phase.ROLLING_BACK, edits)

        try:
            amend(writer, victim, target, frozenset(Phase), doing, decide)
        except Interrupted:
            raise
        except StepError as error:
            log.warning("takeover.skipped", virtual_service=str(target.virtual_service), cause=error.cause)


def _tried(
    writer: GuardedWriter, target: RouteTarget, plan: Callable[[Object], list[Operation]], problems: list[StepError]
) -> None:
    try:
        writer.write(target.virtual_service, plan)
    except NotFound:
        return  # nobody is routed by it any more
    except Interrupted:
        raise
    except StepError as error:
        problems.append(error)
