"""Shift the weight of a run; scale the canary up first if the weight rises."""

import structlog

from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.ladder import check_on_ladder
from steps.actions.lost_objects import require_subsets
from steps.actions.pinned import check_pinned, require_pin
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def shift(
    claim: Claim, weight: int, traffic: Traffic, workload: Workload, ready_timeout_seconds: float
) -> tuple[Claim, int]:
    """Set a weight (percent, 0-100) once the canary has the pods for it.

    Returns:
        The claim with the new weight in its state, and the weight before.

    Raises:
        PermanentError: the weight is not on the run's ladder, or below the present one.
        NotOwnerError, ForeignWrite, PermanentError: see `Traffic.set_weight` and `Workload.ensure_capacity`.
    """
    check_on_ladder(claim, weight)
    require_pin(claim, weight)
    if weight:
        require_subsets(claim, traffic)
    if weight > claim.state.weight:
        claim = ensure_canary_capacity(claim, weight, traffic, workload, ready_timeout_seconds)
        check_pinned(claim, workload)
    moved, previous = traffic.set_weight(claim, weight, reason="")  # why an earlier attempt failed, see awaited_weight
    if weight != previous:
        log.info("weight.set", weight=weight, previous_weight=previous)
    return moved, previous


def ensure_canary_capacity(
    claim: Claim, weight: int, traffic: Traffic, workload: Workload, ready_timeout_seconds: float
) -> Claim:
    """Scale the canary up for a weight, and keep the claim alive meanwhile.

    Before its first requests the pods must also be endpoints: somebody may have changed the Service since prepare.
    """
    if claim.state.workloads is None:
        return claim
    heartbeat, state = ClaimHeartbeat(claim, traffic), claim.state
    workload.ensure_capacity(claim.state.workloads, claim.token, weight, ready_timeout_seconds, heartbeat.renew)
    if not state.weight:
        routes = traffic.ports(state.targets, state.stable, state.canary)
        workload.require_endpoints(claim.state.workloads, state.canary, routes, ready_timeout_seconds, heartbeat.renew)
    return heartbeat.claim
