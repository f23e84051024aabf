"""Roll an app back to its stable version, whatever point the run had reached."""

from dataclasses import replace

import structlog

from steps.actions.failed_bake import has_failed_in_bake
from steps.actions.finish_promotion import finish_promotion, is_promotion_complete
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.retreat import ready_arms_if_known, retreat
from steps.actions.still_used import leaving_canary
from steps.actions.swap import has_moved_users, raise_old_arm
from steps.actions.teardown import TeardownPolicy, drain
from steps.claim.record import record_of
from steps.errors import Interrupted, NotOwnerError, StepError, StillInUse
from steps.model.judgement import Verdict
from steps.model.names import ReleaseNames
from steps.model.run import Claim
from steps.model.workload import UndoResult
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def roll_back(claim: Claim, reason: str, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> str:
    """Set weight 0, restore stable's template, stop the canary and release the claim; each may have been done before.

    A promote that was killed after all pods of stable ran the judged template is finished instead. An undo ends by the
    same way: its claim is in phase rolling-back from the start, so anyone who finds it finishes it.

    Returns:
        The outcome: `rolled-back`, `promoted`, or `undone` for an undo's claim and for a run that failed in bake.

    Raises:
        PermanentError: only the canary is ready, or stable does not become ready with its old template; the claim is
            kept, so that sweep or the next rollback tries again. StillInUse: likewise, see `drain`.
    """
    if is_promotion_complete(claim, traffic, workload):
        finish_promotion(claim, teardown, traffic, workload, enforce=True)
        return "promoted"
    workloads, restored = claim.state.workloads, UndoResult.UNTOUCHED
    exposed = claim.state.weight > 0
    if claim.state.undoes:
        traffic.claims.complete_reopened(claim)
    if workloads is not None and exposed:
        if has_moved_users(claim):
            raise_old_arm(claim, teardown, traffic, workload)
        elif not workloads.is_swap and not ready_arms_if_known(workloads, workload)[0]:
            # Stable may be down because of our own incomplete promote: restore its template first, then the weight.
            _restore_stable(claim, teardown, traffic, workload)
    safe = retreat(claim, reason, traffic, workload)
    traffic.claims.mark_deployments(safe, claim)
    if workloads is not None:
        restored = _restore_stable(safe, teardown, traffic, workload)
        drain(safe, leaving_canary(safe, workload), teardown, traffic, workload)
        workload.retire_canary(workloads, safe.state.pin, safe.token)
    return _end(safe, reason, restored, traffic)


def _end(claim: Claim, reason: str, restored: UndoResult, traffic: Traffic) -> str:
    """Release the claim and return the outcome; an undo that found a foreign template has undone nothing."""
    is_baked = has_failed_in_bake(claim.state)
    undoes = claim.state.undoes or (claim.run if is_baked else "")
    outcome = "undone" if undoes and restored is not UndoResult.FOREIGN else "rolled-back"
    bake = str(Verdict.FAIL) if is_baked else ""
    record = record_of(claim, outcome, reason, traffic.claims.now(), bake=bake)
    traffic.claims.release(claim, replace(record, undoes=undoes))
    if outcome == "undone":
        log.info("run.undone", undone_run=undoes, reason=reason)
    else:
        log.info("run.rolled_back", reason=reason)
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
        log.error("rollback.unfinished", error=str(error))  # noqa: TRY400 - a sentence helps more than our traceback
        return "still-in-use"
    except StepError as error:
        log.error("rollback.failed", error=str(error))  # noqa: TRY400 - a sentence helps more than our traceback
        return "rollback-failed"
