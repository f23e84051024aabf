"""Recovery of another run: its users go back and it is fenced off by one patch, then the rest is cleaned up.

Each half may be repeated after a kill.
"""

from dataclasses import dataclass, replace

import structlog

from steps.actions.roll_back import roll_back
from steps.actions.swap import hold_of
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
        victim: as it was found.
        reason: why it was taken over, one sentence.
        repair: whether tokens on the victim's Deployments that cannot be read are replaced.
    """

    claim: Claim
    victim: Claim
    reason: str
    repair: bool = False


def take_over_run(
    victim: Claim,
    run: str,
    reason: str,
    traffic: Traffic,
    workload: Workload,
    *,
    live: bool = False,
    repair: bool = False,
    undoes: str = "",
) -> Takeover:
    """Take a claim over and return its users to stable, in one patch of each VirtualService.

    Only stable's and the canary's readiness is asked before, once and briefly; see `hold_of` for who stays.

    Args:
        victim: the claim as found.
        run: id of the new owner.
        reason: one sentence.
        traffic: VirtualServices.
        workload: Deployments, of any app.
        live: allow a live victim (supersede).
        repair: replace tokens on its Deployments that cannot be read.
        undoes: id of the promoted run if its promotion is to be undone.
    """
    log.warning("claim.taken_over", victim=victim.run, phase=str(victim.phase), reason=reason)
    seen = replace(victim, state=replace(victim.state, undoes=victim.state.undoes or undoes))
    hold = hold_of(seen, workload.of(victim.app))
    claim = traffic.take_over(victim, run, reason, hold=hold, supersede=live, undoes=undoes)
    if victim.state.weight and not claim.state.weight:
        log.warning("weight.retreated", weight=0, previous_weight=victim.state.weight, reason=reason)
    return Takeover(claim, victim, reason, repair)


def clean_up(takeover: Takeover, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> str:
    """Finish or roll back a run that was taken over; return the outcome as `roll_back` does.

    Raises:
        As `roll_back`; where the claim is kept, the next sweep or rollback tries again.
    """
    claim, victim = takeover.claim, takeover.victim
    reason = claim.state.reason or takeover.reason
    return roll_back(claim, reason, teardown, traffic, workload, victim=victim, repair=takeover.repair)
