"""Roll an app back to its stable version, whatever point the run had reached."""

import structlog

from steps.actions.finish_promotion import finish_promotion, is_promotion_complete
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.retreat import ready_arms_if_known, retreat
from steps.actions.teardown import TeardownPolicy, drain
from steps.claim.record import record_of
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.model.names import ReleaseNames
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def roll_back(claim: Claim, reason: str, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> str:
    """Set weight 0, restore stable's template, stop the canary and release the claim; each may have been done before.

    A promote that was killed after all pods of stable ran the judged template is finished instead.

    Returns:
        The outcome: `rolled-back`, or `promoted`.

    Raises:
        PermanentError: only the canary is ready, or stable does not become ready with its old template; the claim is
            kept, so that sweep or the next rollback tries again.
    """
    if is_promotion_complete(claim, traffic, workload):
        finish_promotion(claim, teardown, traffic, workload, enforce=True)
        return "promoted"
    workloads = claim.state.workloads
    exposed = claim.state.weight > 0
    if workloads is not None and exposed and not ready_arms_if_known(workloads, workload)[0]:
        # Stable may be down because of our own incomplete promote: restore it first, then the weight.
        _restore_stable(claim, teardown, traffic, workload)
    safe = retreat(claim, reason, traffic, workload)
    traffic.claims.mark_deployments(safe, claim)
    if workloads is not None:
        if not workloads.is_swap:
            _restore_stable(safe, teardown, traffic, workload)
        if exposed:
            drain(safe, teardown, traffic.claims)
        workload.scale_down(workloads, safe.token)
        workload.restore_canary(workloads, safe.state.pin, safe.token)
    traffic.claims.release(safe, record_of(safe, "rolled-back", reason, traffic.claims.now()))
    log.info("run.rolled_back", reason=reason)
    return "rolled-back"


def _restore_stable(claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> None:
    """Restore stable's template, or in a swap, which writes none, its pods."""
    workloads, limit = claim.state.workloads, teardown.ready_timeout_seconds
    if workloads is None:
        return
    renew = ClaimHeartbeat(claim, traffic, checks_weights=False).renew
    if workloads.is_swap:
        workload.ensure_stable_capacity(workloads, claim.token, limit, renew)
    else:
        workload.undo_promote(workloads, claim.state.pin, claim.token, limit, renew)


def try_roll_back(
    names: ReleaseNames, run: str, reason: str, teardown: TeardownPolicy, traffic: Traffic, workload: Workload
) -> str:
    """Roll a run back, but only log a failure; return the outcome.

    Returns:
        `rolled-back` or `promoted`, `not-owner` if the run holds no claim, or `rollback-failed`.
    """
    try:
        claim = traffic.claims.held(names.app, run, names.virtual_services)
        return roll_back(claim, reason, teardown, traffic, workload)
    except NotOwnerError:
        return "not-owner"
    except Interrupted:
        raise
    except StepError as error:
        log.error("rollback.failed", error=str(error))  # noqa: TRY400 - a sentence helps more than our traceback
        return "rollback-failed"
