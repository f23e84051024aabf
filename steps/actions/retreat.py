"""Retreat: all weight back to stable at once, unless only the canary could answer."""

import structlog

from steps.errors import ForeignWrite, Interrupted, PermanentError, StepError
from steps.model.run import Claim, WorkloadState
from steps.model.rungs import RungVerdict
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def retreat(
    claim: Claim, reason: str, traffic: Traffic, workload: Workload, verdict: RungVerdict | None = None
) -> Claim:
    """Give all weight back to stable, mark the run as rolling back and keep the rung's verdict, in one write.

    Nothing but the API server is needed. Stable ready, or neither side: stable gets the weight.

    Raises:
        PermanentError: only the canary is ready: the weight is held, the claim kept, and sweep or the next rollback
            tries again.
    """
    memory = claim.state.workloads
    if memory is not None and _exposed(claim, traffic):
        stable_ready, canary_ready = ready_arms_if_known(memory, workload)
        if canary_ready and not stable_ready:
            cause = (
                f"stable Deployment {memory.namespace}/{memory.stable} has no ready pod, the canary has. The weight is "
                f"held at {claim.state.weight} so that users are still served. Mend stable, then run rollback again."
            )
            log.error("retreat.held", weight=claim.state.weight, stable=memory.stable)
            traffic.note(claim, "RetreatHeld", cause, warning=True)
            raise PermanentError("giving all weight back to stable", cause)
    before = claim.state.weight
    moved = traffic.retreat(claim, reason, verdict)
    if before:
        log.warning("weight.retreated", weight=0, previous_weight=before, reason=reason)
    return moved


def ready_arms_if_known(memory: WorkloadState, workload: Workload) -> tuple[bool, bool]:
    """Tell for stable and canary whether any pod can serve; where nobody can tell, stable is trusted.

    It served before the run, and a canary that is to go must not keep its users because a Deployment cannot be read.
    """
    try:
        return workload.ready_arms(memory)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("stable.unknown", detail=f"taken for ready, since that cannot be looked up: {error}")
        return True, True


def _exposed(claim: Claim, traffic: Traffic) -> bool:
    """Tell whether the canary gets requests, whoever gave it the weight."""
    memory = claim.state
    try:
        weights = traffic.weights(memory.targets, memory.stable, memory.canary)
    except ForeignWrite:
        return memory.weight > 0  # a route is gone; retreat itself says so
    return any(weights.values())
