"""Shift the weight of a run; scale the canary up first if the weight rises."""

import structlog

from steps.acts.keeper import Keeper
from steps.acts.verdicts import check_on_ladder
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def shift(
    claim: Claim, weight: int, traffic: Traffic, workload: Workload, ready_timeout_seconds: float
) -> tuple[Claim, int]:
    """Set a weight (percent, 0-100) once the canary has the pods for it.

    Returns:
        The claim with the new weight in its memory, and the weight before.

    Raises:
        PermanentError: the weight is not on the run's ladder, or below the present one.
        NotOwnerError, ForeignWrite, PermanentError: see `Traffic.set_weight` and `Workload.ensure_capacity`.
    """
    check_on_ladder(claim, weight)
    if weight > claim.memory.weight:
        claim = grow(claim, weight, traffic, workload, ready_timeout_seconds)
    moved, previous = traffic.set_weight(claim, weight)
    stamp(
        moved, claim, workload
    )  # even if nothing was written now: an earlier attempt may have been killed before this
    if weight != previous:
        log.info("weight.set", weight=weight, previous_weight=previous)
    return moved, previous


def grow(claim: Claim, weight: int, traffic: Traffic, workload: Workload, ready_timeout_seconds: float) -> Claim:
    """Scale the canary up for a weight, and keep the claim alive meanwhile.

    Before its first requests the pods must also be endpoints: somebody may have changed the Service since prepare.
    """
    if claim.memory.workloads is None:
        return claim
    keeper, memory = Keeper(claim, traffic), claim.memory
    workload.ensure_capacity(claim.memory.workloads, claim.token, weight, ready_timeout_seconds, keeper.renew)
    if not memory.weight:
        routes = traffic.ports(memory.targets, memory.stable, memory.canary)
        workload.require_endpoints(claim.memory.workloads, memory.canary, routes, ready_timeout_seconds, keeper.renew)
    return keeper.claim


def stamp(now: Claim, before: Claim, workload: Workload) -> None:
    """Write a changed token to the Deployments, whose writes it fences, too."""
    if now.memory.workloads is not None:
        workload.stamp(now.memory.workloads, now.token, before.token)
