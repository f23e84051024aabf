"""Roll an app back to its stable version, whatever point the run had reached.

The order is the same for every way back: the weight, with the phase or the takeover in the same patch of each
VirtualService; then the tokens on the Deployments; then everything else; reports last.
"""

from dataclasses import replace

import structlog

from steps.actions.ease_back import ease_back
from steps.actions.failed_bake import has_failed_in_bake
from steps.actions.finish_promotion import finish_promotion, is_promotion_complete, release_promoted
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.left_alone import DeploymentsLeft, LeftAlone
from steps.actions.retreat import report_held, retreat
from steps.actions.still_used import last_look, leaving_canary
from steps.actions.swap import NewArmLost, has_moved_users, hold_of, raise_old_arm, start_old_arm, was_promoting
from steps.actions.teardown import TeardownPolicy, drain
from steps.claim.errors import LostDeployment
from steps.claim.record import record_of
from steps.errors import Interrupted, NotOwnerError, StepError, StillInUse
from steps.model.judgement import Verdict
from steps.model.names import ReleaseNames
from steps.model.run import Claim
from steps.model.workload import UndoResult
from steps.traffic.retreat import WeightHeld
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def roll_back(
    claim: Claim,
    reason: str,
    teardown: TeardownPolicy,
    traffic: Traffic,
    workload: Workload,
    *,
    victim: Claim | None = None,
    repair: bool = False,
) -> str:
    """Set weight 0, restore stable's template, stop the canary and release the claim; each may have been done before.

    A promote that was killed after all pods of stable ran the judged template is finished instead, unless the promoted
    arm of a swap is lost meanwhile. An undo ends by the same way: its claim is in phase rolling-back from the start, so
    anyone who finds it finishes it.

    Args:
        claim: of the run, or taken over from it.
        reason: one sentence.
        teardown: time limits.
        traffic: VirtualServices.
        workload: Deployments.
        victim: the claim that this one was taken over from, None if it was not.
        repair: replace tokens on the run's Deployments that cannot be read.

    Returns:
        The outcome: `rolled-back`, `promoted`, or `undone` for an undo's claim and for a run that failed in bake.

    Raises:
        WeightHeld: only the canary is ready. PermanentError: stable does not become ready with its old template; in
            both cases the claim is kept, so that sweep or the next rollback tries again. StillInUse: likewise, see
            `drain`.
        DeploymentsLeft: some Deployments are not the run's; the users are back, and the claim has ended, unless stable
            itself is one of them and not what it was.
    """
    workload = workload.of(claim.app)
    if claim.state.undoes:
        traffic.claims.complete_reopened(claim)
    if victim is None:
        claim = ease_back(claim, teardown, traffic, workload)
    try:
        safe, held = retreat(claim, reason, traffic, workload, hold=hold_of(claim, workload)), False
    except WeightHeld:
        safe, held = claim, True
    left = LeftAlone(safe, traffic.claims)
    if not _reaches(safe, traffic):
        left.out_of_reach()
        safe = _without_workloads(retreat(safe, reason, traffic, workload) if held else safe)
        return _end(safe, reason, UndoResult.UNTOUCHED, left, traffic)
    left.add(traffic.claims.deployments.secure(safe, victim, repair=repair))
    if is_promotion_complete(replace(safe, phase=claim.phase), traffic, workload):
        try:
            return _finish(safe, left, teardown, traffic, workload)
        except NewArmLost as lost:
            log.warning("rollback.new_arm_lost", detail=lost.cause)
            held = True
    if held:
        safe = _return_held(safe, reason, left, teardown, traffic, workload)
    else:
        left.tried(lambda: start_old_arm(safe, teardown, traffic, workload))
    return _restore(safe, reason, left, teardown, traffic, workload)


def _reaches(claim: Claim, traffic: Traffic) -> bool:
    workloads = claim.state.workloads
    return workloads is None or workloads.namespace in traffic.reach(claim)


def _without_workloads(claim: Claim) -> Claim:
    return replace(claim, state=replace(claim.state, workloads=None))


def _finish(claim: Claim, left: LeftAlone, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> str:
    """Complete a promotion of which only the end is missing."""
    try:
        finish_promotion(claim, teardown, traffic, workload, enforce=True)
    except LostDeployment as error:
        left.found(error)
        release_promoted(claim, traffic, workload)
    left.report()
    return "promoted"


def _return_held(
    claim: Claim, reason: str, left: LeftAlone, teardown: TeardownPolicy, traffic: Traffic, workload: Workload
) -> Claim:
    """Make stable ready, where it cannot take the users yet, then return them.

    Stable may be down because of our own incomplete promote, and the old arm of a swap may be smaller by now.
    """
    first = raise_old_arm if has_moved_users(claim) else _restore_stable
    left.tried(lambda: first(claim, teardown, traffic, workload))
    try:
        safe = retreat(claim, reason, traffic, workload)
    except WeightHeld as held:
        report_held(claim, held, traffic)
        raise
    traffic.claims.deployments.secure(safe)
    return safe


def _restore(
    claim: Claim, reason: str, left: LeftAlone, teardown: TeardownPolicy, traffic: Traffic, workload: Workload
) -> str:
    """Restore what the run changed, and end it; the claim stays while stable has the run's template."""
    workloads = claim.state.workloads
    if workloads is None:
        return _end(claim, reason, UndoResult.UNTOUCHED, left, traffic)
    restored = left.tried(lambda: _restore_stable(claim, teardown, traffic, workload))
    if restored is None and left.includes(f"{workloads.namespace}/{workloads.stable}"):
        left.report()
    if restored is UndoResult.FOREIGN and was_promoting(claim) and not workloads.template_by_external:
        left.changed_by_others(f"{workloads.namespace}/{workloads.stable}")
    side = leaving_canary(claim, workload)
    drain(claim, side, teardown, traffic, workload)
    look = last_look(claim, side, traffic, workload)
    left.tried(lambda: workload.retire_canary(workloads, claim.state.pin, claim.token, look))
    traffic.return_strays(claim, 0)
    left.tried(lambda: workload.scale_baseline_down(workloads, claim.token))
    return _end(claim, reason, restored or UndoResult.UNTOUCHED, left, traffic)


def _end(claim: Claim, reason: str, restored: UndoResult, left: LeftAlone, traffic: Traffic) -> str:
    """Release the claim and return the outcome; an undo that found a foreign template has undone nothing."""
    is_baked = has_failed_in_bake(claim.state)
    undoes = claim.state.undoes or (claim.run if is_baked else "")
    outcome = "undone" if undoes and restored is not UndoResult.FOREIGN else "rolled-back"
    bake = str(Verdict.FAIL) if is_baked else ""
    said = f"{reason}; {left.sentence}" if left.sentence else reason
    record = record_of(claim, outcome, said, traffic.claims.now(), bake=bake)
    traffic.release(claim, replace(record, undoes=undoes), 0)
    if outcome == "undone":
        log.info("run.undone", undone_run=undoes, reason=reason)
    else:
        log.info("run.rolled_back", reason=reason)
    left.report()
    return outcome


def _restore_stable(claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> UndoResult:
    """Restore stable's old template; in a swap it was never changed."""
    workloads = claim.state.workloads
    if workloads is None or workloads.is_swap:
        return UndoResult.UNTOUCHED
    renew = ClaimHeartbeat(claim, traffic, checks_weights=False).renew
    return workload.undo_promote(workloads, claim.state.pin, claim.token, teardown.ready_timeout_seconds, renew)


def try_roll_back(
    names: ReleaseNames, run: str, reason: str, teardown: TeardownPolicy, traffic: Traffic, workload: Workload
) -> str:
    """Roll a run back, but only log a failure; return the outcome.

    Returns:
        As `roll_back`; `not-owner` if the run holds no claim; `still-in-use` if users are on stable and the canary must
        stay up; or `rollback-failed`.
    """
    try:
        claim = traffic.claims.held(names.app, run, names.virtual_services)
        return roll_back(claim, reason, teardown, traffic, workload)
    except NotOwnerError:
        return "not-owner"
    except Interrupted:
        raise
    except StillInUse as error:
        log.error("rollback.unfinished", error=str(error))
        return "still-in-use"
    except DeploymentsLeft as error:
        log.error("rollback.incomplete", error=str(error))
        return "rolled-back"
    except StepError as error:
        log.error("rollback.failed", error=str(error))
        return "rollback-failed"
