"""Recovery of another run: fence it off first, then clean up; each half may be repeated after a kill."""

from dataclasses import dataclass

import structlog

from steps.acts.ending import Ending
from steps.acts.finish import finish, is_complete
from steps.acts.restore import restore
from steps.acts.shift import stamp
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seized:
    """A claim taken over from another run.

    Args:
        claim: as taken over, in phase rolling-back.
        is_complete: whether only the end of its promote was missing, so that it is finished instead of rolled back.
        reason: why it was taken over, one sentence.
    """

    claim: Claim
    is_complete: bool
    reason: str


def take_over(
    victim: Claim, run: str, reason: str, traffic: Traffic, workload: Workload, *, supersede: bool = True
) -> Claim:
    """Become the owner of another run's claim, in phase rolling-back: from then on the old owner cannot write.

    Raises:
        Busy: the victim is alive and `supersede` is not set.
    """
    taken = traffic.take_over(victim, run, reason, supersede=supersede)
    stamp(taken, victim, workload)
    return taken


def seize(victim: Claim, run: str, reason: str, traffic: Traffic, workload: Workload, *, live: bool = False) -> Seized:
    """Take a claim over; first look whether its promote was complete, which the new phase would hide.

    Args:
        victim: the claim as found.
        run: id of the new owner.
        reason: one sentence.
        traffic: VirtualServices.
        workload: Deployments.
        live: allow a live victim (supersede).
    """
    log.warning("claim.taken_over", victim=victim.run, phase=str(victim.phase), reason=reason)
    complete = is_complete(victim, workload)
    return Seized(take_over(victim, run, reason, traffic, workload, supersede=live), complete, reason)


def settle(seized: Seized, ending: Ending, traffic: Traffic, workload: Workload) -> str:
    """Finish or roll back a run that was taken over; return the outcome, `rolled-back` or `promoted`.

    Raises:
        PermanentError: as `restore`; the claim is kept, so that the next sweep or rollback tries again.
    """
    if seized.is_complete:
        finish(seized.claim, ending, traffic, workload, enforce=True)
        return "promoted"
    return restore(seized.claim, seized.reason, ending, traffic, workload)
