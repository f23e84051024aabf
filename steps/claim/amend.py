"""Change what a run owns: the one way in which the owner of a claim writes a VirtualService.

Each of these writes tests the token and puts state, expiry and phase into the same patch as the routes. It is safe to
repeat after a kill, because `decide` returns what should be, whatever is there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from steps.claim.annotations import annotations_of, expect_token, update_annotations
from steps.claim.errors import ClaimCorrupt
from steps.claim.expiry import is_renewal_due, with_new_expiry
from steps.claim.guarded_write import Decide, GuardedWriter
from steps.claim.keys import claim_key
from steps.claim.last_record import last_record
from steps.claim.observed import ObservedClaim, name_of, observe_claim
from steps.claim.token import is_later, parse_token
from steps.cluster.api import Object, Operation
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.model.run import Claim, Phase, RouteTarget, RunState
from steps.model.times import date_and_time

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_LATE_SECONDS = 2.0
"""A write that was refused for so long, by 429 or 503, changes when requests begin to leave. Shorter times may come
from the clock, which knows full seconds."""

RouteCheck = Callable[[Object, RouteTarget, RunState, str], object]
"""Checks the routes of a target for a run with this state, and raises if they are wrong; the text is the action in the
error."""

RouteStart = Callable[[Object, RouteTarget, RunState, str], Sequence[Operation]]
"""Checks the routes of a target for a run that begins with this state, and returns the operations that give them the
state's weight; raises as a `RouteCheck`."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What the owner of a claim wants of a VirtualService.

    Args:
        state: of the run, after the edit; its expiry is extended if that is due.
        phase: of the run, after the edit.
        operations: on routes or other annotations; they come after the test of the token.
    """

    state: RunState
    phase: Phase
    operations: Sequence[Operation] = ()


DecideEdit = Callable[[Object, ObservedClaim], Edit | None]


def amend(
    writer: GuardedWriter, claim: Claim, target: RouteTarget, phases: frozenset[Phase], doing: str, decide: DecideEdit
) -> Claim:
    """Write what `decide` wants to a VirtualService of the run.

    Args:
        writer: of VirtualServices.
        claim: the run's.
        target: the VirtualService.
        phases: the token must be in one of them.
        doing: the action in errors.
        decide: gets the object and the claim on it, returns the edit, or None if there is nothing to do; called again
            after a conflict. What it raises ends the write.

    Returns:
        The claim on the VirtualService after that.

    Raises:
        NotOwnerError: the claim is gone, another's, or in another phase.
    """
    obj = writer.write(target.virtual_service, amendment(writer, claim, target, phases, doing, decide))
    found = observe_claim(obj, claim.app)
    return claim if found is None else _as_known(found.as_claim(), claim.state)


def zero_now(writer: GuardedWriter, stored: Claim, target: RouteTarget, doing: str) -> Claim:
    """Return a claim whose weight became 0 now: its write may have been refused for a while after it was decided.

    As `zero_since`. Call it once the users of all VirtualServices have moved: they come before the time.
    """
    return zero_since(writer, stored, target, writer.cluster.now(), doing)


def zero_since(writer: GuardedWriter, stored: Claim, target: RouteTarget, since: float, doing: str) -> Claim:
    """Return a claim whose weight is 0 since a moment, if that is later than it says.

    The moment is stored if it is much later, since other processes wait for the requests from then on, too.

    Args:
        writer: of VirtualServices.
        stored: the claim as it was written; with another weight than 0 it is returned as it is.
        target: the VirtualService.
        since: unix seconds of the API server.
        doing: the action in errors.
    """
    known = _zero_later(stored, since)
    if known is stored or (stored.state.weights and since - stored.state.weights[-1][0] < _LATE_SECONDS):
        return known

    def decide(_: Object, seen: ObservedClaim) -> Edit | None:
        is_same = seen.state.weights == stored.state.weights
        return Edit(replace(seen.state, weights=known.state.weights), seen.token.phase) if is_same else None

    try:
        return amend(writer, known, target, frozenset(Phase), doing, decide)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("weight.time_not_stored", detail=str(error))
        return known


def _as_known(claim: Claim, known: RunState) -> Claim:
    """Return the claim with the time of its last weight as this process knows it; see `zero_since`."""
    is_same = bool(claim.state.weights and known.weights) and known.weight == claim.state.weight
    return _zero_later(claim, known.weights[-1][0]) if is_same else claim


def _zero_later(claim: Claim, since: float) -> Claim:
    weights, since = claim.state.weights, round(since, 1)
    if claim.state.weight or since <= (weights[-1][0] if weights else 0.0):
        return claim
    return replace(claim, state=replace(claim.state, weights=(*weights[:-1], (since, 0))))


def amendment(
    writer: GuardedWriter, claim: Claim, target: RouteTarget, phases: frozenset[Phase], doing: str, decide: DecideEdit
) -> Decide:
    """Return what `amend` writes, for a caller that has to look at the object before its claim."""
    is_anchor = target.virtual_service == claim.state.targets[0].virtual_service

    def operations(obj: Object) -> list[Operation]:
        seen = require_own_claim(obj, claim, phases, doing)
        edit = decide(obj, seen)
        if edit is None:
            return []
        state, now = edit.state, writer.cluster.now()
        is_changed = bool(edit.operations) or state != seen.state
        # The anchor's copy decides when the claim expires; the other copies get a new expiry only when they change.
        if is_changed or (is_anchor and (edit.phase is not seen.token.phase or is_renewal_due(state, now))):
            state = with_new_expiry(state, now)
        # The test of the token comes first: it must see the token as read, before the patch replaces its phase.
        test = expect_token(obj, seen.app) if edit.operations else []
        return [*test, *edit.operations, *update_annotations(obj, replace(claim, phase=edit.phase, state=state))]

    return operations


def phases_until(phase: Phase) -> frozenset[Phase]:
    """Return the phases that a VirtualService may be in after a kill between the anchor's write and its own."""
    return frozenset(earlier for earlier in Phase if not is_later(earlier, phase))


def require_own_claim(obj: Object, claim: Claim, phases: frozenset[Phase], doing: str) -> ObservedClaim:
    """Return the claim on `obj`, which must still be this one and in one of `phases`.

    Raises:
        NotOwnerError: the token is gone, another's, or in another phase.
    """
    seen = _seen(obj, claim)
    if seen is None:
        raise NotOwnerError(doing, _gone(obj, claim))
    if not seen.is_part_of(claim):
        why = f": {seen.state.reason}" if seen.state.undoes else ""
        new = f"{'undo ' if seen.state.undoes else ''}{seen.token.run} ({seen.token.epoch})"
        cause = f"the claim went from run {claim.run} (epoch {claim.epoch}) to {new}{why}."
        raise NotOwnerError(doing, cause)
    if seen.token.phase not in phases:
        if seen.token.phase is Phase.ROLLING_BACK:
            why = f" ({seen.state.reason})" if seen.state.reason else ""
            raise NotOwnerError(doing, f"the rollback of run {claim.run} began{why}; the weight can only be lowered.")
        raise NotOwnerError(
            doing, f"run {claim.run} moved on to phase {seen.token.phase}; this step saw {claim.phase}."
        )
    return seen


def _gone(obj: Object, claim: Claim) -> str:
    last = last_record(obj, claim.app)
    if last is not None and last.undoes == claim.run:
        undone = f"{last.run} has undone it at {date_and_time(last.ended)}: {last.reason}"
        return f"the claim of run {claim.run} is gone: {undone}"
    return f"the claim of run {claim.run} is gone: it was released, or somebody removed the token to take over."


def _seen(obj: Object, claim: Claim) -> ObservedClaim | None:
    """Return the claim on `obj`; if the token is ours but the state is damaged, use the state that this process knows.

    The next write of the run then repairs the state, and the run can still retreat.
    """
    try:
        return observe_claim(obj, claim.app)
    except ClaimCorrupt:
        if annotations_of(obj).get(claim_key(claim.app)) != claim.token:
            raise
        return ObservedClaim(name_of(obj), claim.app, parse_token(claim.token), claim.state)
