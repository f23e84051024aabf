"""Objects that somebody removes during a run: users must not stay where nobody can answer."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from steps.actions.apply_verdict import try_retreat
from steps.errors import ForeignWrite, Interrupted, LostCanary, NotFound, StepError
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def require_subsets(claim: Claim, traffic: Traffic) -> None:
    """Require that DestinationRules still define the subsets of both arms; without one, Envoy answers 503.

    Raises:
        LostCanary: the canary's is gone. ForeignWrite: stable's is, so no weight helps.
    """
    state, doing = claim.state, f"checking the destinations of run {claim.run}"
    if lost := traffic.lost_subset(state.targets, state.stable):
        raise ForeignWrite(doing, lost)
    if lost := traffic.lost_subset(state.targets, state.canary):
        raise LostCanary(doing, lost)


@contextmanager
def users_first(claim: Claim, traffic: Traffic, workload: Workload, *, retreats: bool) -> Iterator[None]:
    """Return the users to stable if the canary was removed meanwhile, then let the error through.

    Args:
        claim: of the run.
        traffic: VirtualServices.
        workload: Deployments.
        retreats: whether this step may return them.
    """
    try:
        yield
    except (LostCanary, NotFound) as error:
        if retreats and (isinstance(error, LostCanary) or _is_canary_lost(claim, workload)):
            try:
                try_retreat(claim, error.cause, traffic, workload)
            except Interrupted:
                raise
            except StepError as other:
                log.error("retreat.failed", error=str(other))
        raise


def _is_canary_lost(claim: Claim, workload: Workload) -> bool:
    """Return whether the canary's Deployment is gone, by a second look: a single 404 may be wrong."""
    workloads = claim.state.workloads
    return workloads is not None and not workload.exists(workloads.namespace, workloads.canary)
