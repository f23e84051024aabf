"""Retreat: return all weight to stable at once, unless only the canary can answer."""

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
    """Return all weight to stable, mark the run as rolling back and keep the rung's verdict, in one write.

    This needs only the API server. Stable gets the weight if it is ready, or if neither arm is.

    Raises:
        PermanentError: only the canary is ready: the weight and the claim stay, and sweep or the next rollback tries
            again.
    """
    workloads = claim.state.workloads
    if workloads is not None and _exposed(claim, traffic):
        stable_ready, canary_ready = ready_arms_if_known(workloads, workload)
        if canary_ready and not stable_ready:
            cause = (
                f"stable Deployment {workloads.namespace}/{workloads.stable} has no ready pod, the canary has. The"
                f" weight stays at {claim.state.weight} so that users are still served. Fix stable, then run rollback"
                " again."
            )
            log.error("retreat.held", weight=claim.state.weight, stable=workloads.stable)
            traffic.claims.note(claim, "RetreatHeld", cause, warning=True)
            raise PermanentError("returning all weight to stable", cause)
    before = claim.state.weight
    moved = traffic.retreat(claim, reason, verdict)
    if before:
        log.warning("weight.retreated", weight=0, previous_weight=before, reason=reason)
    return moved


def ready_arms_if_known(workloads: WorkloadState, workload: Workload) -> tuple[bool, bool]:
    """Return for stable and canary whether any pod can serve; if that is unknown, stable is trusted.

    It served before the run, and an unreadable Deployment must not leave users on a canary that has to go.
    """
    try:
        return workload.ready_arms(workloads)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("stable.unknown", detail=f"assumed to be ready, since its state cannot be read: {error}")
        return True, True


def _exposed(claim: Claim, traffic: Traffic) -> bool:
    """Return whether the canary gets requests, no matter who set the weight."""
    state = claim.state
    try:
        weights = traffic.weights(state.targets, state.stable, state.canary)
    except ForeignWrite:
        return state.weight > 0  # a route is gone; retreat itself says so
    return any(weights.values())
