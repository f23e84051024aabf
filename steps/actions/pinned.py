"""Forward steps need the canary that this run's prepare made ready and pinned; nothing else may get users."""

from steps.errors import PermanentError
from steps.model.run import Claim
from steps.workload.workload import Workload


def require_pin(claim: Claim, weight: int) -> None:
    """Refuse a weight above 0 of a run whose prepare did not end: what its canary runs is another run's.

    Raises:
        PermanentError: the claim has no pin.
    """
    if weight and claim.state.pin is None:
        cause = (
            "the claim has no pinned canary: its prepare did not end, so the canary may still run what another release"
            f" left there. Run `prepare --run {claim.run}` again, or roll back."
        )
        raise PermanentError(f"setting weight {weight} of run {claim.run}", cause)


def check_pinned(claim: Claim, workload: Workload) -> None:
    """Refuse if the canary's pods are not those that were pinned; new ones may have got another image.

    Raises:
        ForeignWrite: its template, ReplicaSet or digests are others. NotFound: it is gone.
    """
    if claim.state.workloads is not None and claim.state.pin is not None:
        workload.check_pin(claim.state.workloads, claim.state.pin)
