"""Retreat: return all weight to stable before anything else, unless only the canary can answer."""

from collections.abc import Sequence

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

ReadyArms = tuple[bool | None, bool | None]
"""Whether any pod of stable, and of the canary, can serve; None: it cannot be read."""


def retreat(
    claim: Claim,
    reason: str,
    traffic: Traffic,
    workload: Workload,
    verdict: RungVerdict | None = None,
    hold: Hold | None = None,
) -> Claim:
    """Return all weight to stable, mark the run as rolling back and keep the rung's verdict, in one write.

    This needs only the API server. Stable gets the weight if it may be ready, or if neither arm is.

    Args:
        claim: of the run.
        reason: one sentence.
        traffic: VirtualServices.
        workload: Deployments.
        verdict: of the rung, None if there is none.
        hold: returns why users stay; None for `unless_stable_is_down`.

    Raises:
        WeightHeld: only the canary can serve. The weight and the claim stay; sweep or the next rollback tries again.
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
    """Return what holds the weight only where stable surely has no ready pod, and the canary may have one."""
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
    if stable_may_serve(workloads, workload):
        return ""
    return (
        f"stable Deployment {workloads.namespace}/{workloads.stable} has no ready pod, but the canary may have one. The"
        f" weight stays at {claim.state.weight} so that users are still served. Fix stable, then run rollback"
        " again."
    )


def stable_may_serve(workloads: WorkloadState, workload: Workload) -> bool:
    """Return whether the users can go to stable: it is not known to be down, or the canary is known to be.

    Stable served before the run, and a Deployment that cannot be read must not leave users on a canary that has to go.
    """
    namespace = workloads.namespace
    if _can_serve_if_known(workload, namespace, (workloads.stable,)) is not False:
        return True
    return _can_serve_if_known(workload, namespace, workloads.clones) is False


def ready_arms_if_known(workloads: WorkloadState, workload: Workload) -> ReadyArms:
    """Return for stable and canary whether any pod can serve, after one short question for each Deployment."""
    namespace = workloads.namespace
    return (
        _can_serve_if_known(workload, namespace, (workloads.stable,)),
        _can_serve_if_known(workload, namespace, workloads.clones),
    )


def _can_serve_if_known(workload: Workload, namespace: str, names: Sequence[str]) -> bool | None:
    try:
        return workload.can_serve_now(namespace, names)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("readiness.unknown", deployments=list(names), detail=str(error))
        return None
