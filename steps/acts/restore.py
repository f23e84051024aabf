"""Roll an app back to its stable version, whatever point the run had reached."""

import structlog

from steps.acts.ending import Ending, drain
from steps.acts.finish import finish, is_complete
from steps.acts.keeper import Keeper
from steps.acts.record import record_of
from steps.acts.retreat import retreat, sides
from steps.acts.shift import stamp
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def restore(claim: Claim, reason: str, ending: Ending, traffic: Traffic, workload: Workload) -> str:
    """Set weight 0, restore stable's template, stop the canary and release the claim; each may have been done before.

    A promote that was killed after all pods of stable ran the judged template is finished instead.

    Returns:
        The outcome: `rolled-back`, or `promoted`.

    Raises:
        PermanentError: only the canary is ready, or stable does not become ready with its old template; the claim is
            kept, so that sweep or the next rollback tries again.
    """
    if is_complete(claim, workload):
        finish(claim, ending, traffic, workload, enforce=True)
        return "promoted"
    memory = claim.memory.workloads
    exposed = claim.memory.weight > 0
    if memory is not None and exposed and not sides(memory, workload)[0]:
        # Stable may be down because of our own incomplete promote: restore its template first, then the weight.
        _undo(claim, ending, traffic, workload)
    safe = retreat(claim, reason, traffic, workload)
    stamp(safe, claim, workload)
    if memory is not None:
        _undo(safe, ending, traffic, workload)
        if exposed:
            drain(safe, ending, traffic)
        left = workload.scale_down(memory, safe.token)
        if left:
            log.warning("canary.left_running", reason=left)
        workload.unstamp(memory, safe.token)
    traffic.release(safe, record_of(safe, "rolled-back", reason, traffic.now()))
    log.info("run.rolled_back", reason=reason)
    return "rolled-back"


def _undo(claim: Claim, ending: Ending, traffic: Traffic, workload: Workload) -> None:
    if claim.memory.workloads is not None:
        renew = Keeper(claim, traffic, heeds_weights=False).renew
        workload.undo_promote(
            claim.memory.workloads, claim.memory.pin, claim.token, ending.ready_timeout_seconds, renew
        )
