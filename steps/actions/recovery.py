"""Recovery of another run: fence it off first, then clean up; each half may be repeated after a kill."""

from dataclasses import dataclass

import structlog

from steps.actions.finish_promotion import finish_promotion, is_promotion_complete, mark_complete
from steps.actions.roll_back import roll_back
from steps.actions.teardown import TeardownPolicy
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Takeover:
    """A claim taken over from another run.

    Args:
        claim: as taken over, in phase rolling-back.
        is_complete: whether only the end of its promote was missing, so that it is finished instead of rolled back.
        reason: why it was taken over, one sentence.
    """

    claim: Claim
    is_complete: bool
    reason: str


def take_over_run(
    victim: Claim,
    run: str,
    reason: str,
    traffic: Traffic,
    workload: Workload,
    *,
    live: bool = False,
    repair: bool = False,
) -> Takeover:
    """Take a claim over; first look whether its promote was complete, which the new phase would hide.

    Args:
        victim: the claim as found.
        run: id of the new owner.
        reason: one sentence.
        traffic: VirtualServices.
        workload: Deployments.
        live: allow a live victim (supersede).
        repair: replace tokens on Deployments that cannot be read.
    """
    log.warning("claim.taken_over", victim=victim.run, phase=str(victim.phase), reason=reason)
    complete = is_promotion_complete(victim, traffic, workload)
    claim = traffic.claims.take_over(victim, run, reason, supersede=live, repair=repair)
    if complete:
        claim = mark_complete(claim, traffic)
    return Takeover(claim, complete, reason)


def clean_up(takeover: Takeover, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> str:
    """Finish or roll back a run that was taken over; return the outcome as `roll_back` does.

    Raises:
        PermanentError: as `roll_back`; the claim is kept, so that the next sweep or rollback tries again.
    """
    if takeover.is_complete:
        finish_promotion(takeover.claim, teardown, traffic, workload, enforce=True)
        return "promoted"
    return roll_back(takeover.claim, takeover.reason, teardown, traffic, workload)
