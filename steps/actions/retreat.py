"""Retreat: return all weight to stable before anything else, unless only the canary can answer."""

import structlog

from steps.cluster.api import Object
from steps.errors import Interrupted, StepError
from steps.model.run import Claim, WorkloadState
from steps.model.rungs import RungVerdict
from steps.traffic.reach import reached_namespaces
from steps.traffic.retreat import Hold, WeightHeld, never
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def retreat(
    claim: Claim,
    reason: str,
    traffic: Traffic,
    workload: Workload,
    verdict: RungVerdict | None = None,
    hold: Hold | None = None,
) -> Claim:
    """Return all weight to stable, mark the run as rolling back and keep the rung's verdict, in one write.

    This needs only the API server. Stable gets the weight if it is ready, if neither arm is, or if that is unknown.

    Args:
        claim: of the run.
        reason: one sentence.
        traffic: VirtualServices.
        workload: Deployments.
        verdict: of the rung, None if there is none.
        hold: returns why users stay; None for `unless_stable_is_down`.

    Raises:
        WeightHeld: only the canary is ready: the weight and the claim stay, and sweep or the next rollback tries again.
    """
    before = claim.state.weight
    try:
        moved = traffic.retreat(claim, reason, verdict, hold=hold or unless_stable_is_down(claim, workload))
    except WeightHeld as held:
        log.warning("weight.held", weight=before, detail=held.cause)
        raise
    if before:
        log.warning("weight.retreated", weight=0, previous_weight=before, reason=reason)
    return moved


def report_held(claim: Claim, held: WeightHeld, traffic: Traffic) -> None:
    """Report to people that users stay on the canary of a run that goes back."""
    stable = claim.state.workloads.stable if claim.state.workloads else ""
    log.error("retreat.held", weight=claim.state.weight, stable=stable)
    traffic.claims.note(claim, "RetreatHeld", held.cause, warning=True)


def unless_stable_is_down(claim: Claim, workload: Workload) -> Hold:
    """Return what holds the weight only where the canary is ready and stable surely is not."""
    workloads = claim.state.workloads
    if workloads is None:
        return never
    known: list[str] = []

    def hold(obj: Object) -> str:
        if workloads.namespace not in reached_namespaces(obj):
            return ""  # these Deployments are not behind the routes, so they say nothing about the users
        if not known:
            known.append(_why_held(claim, workloads, workload))
        return known[0]

    return hold


def _why_held(claim: Claim, workloads: WorkloadState, workload: Workload) -> str:
    stable_ready, canary_ready = ready_arms_if_known(workloads, workload)
    if stable_ready or not canary_ready:
        return ""
    return (
        f"stable Deployment {workloads.namespace}/{workloads.stable} has no ready pod, the canary has. The"
        f" weight stays at {claim.state.weight} so that users are still served. Fix stable, then run rollback"
        " again."
    )


def ready_arms_if_known(workloads: WorkloadState, workload: Workload) -> tuple[bool, bool]:
    """Return for stable and canary whether any pod can serve, after one short question for each.

    If that is unknown, both are taken to be ready: stable served before the run, and an unreadable Deployment must not
    leave users on a canary that has to go.
    """
    try:
        return workload.ask_ready_arms(workloads)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("stable.unknown", detail=f"assumed to be ready, since its state cannot be read: {error}")
        return True, True
