"""Which arm serves all users after a promotion, and whether it is still what was promoted."""

from steps.model.evidence import Arm
from steps.model.run import RunState
from steps.workload.health import HealthWatch
from steps.workload.workload import Workload


def serving_arm(state: RunState) -> Arm:
    """Return the arm that serves after a promotion: stable got the judged template, or the arms took turns."""
    return Arm.CANARY if state.workloads is not None and state.workloads.is_swap else Arm.STABLE


def check_serving(state: RunState, workload: Workload) -> None:
    """Refuse if the Deployment that serves no longer runs what was promoted.

    Raises:
        ForeignWrite: somebody else changed it; the error names who. NotFound: it is gone.
    """
    if state.workloads is None or state.pin is None:
        return
    if serving_arm(state) is Arm.CANARY:
        workload.check_pin(state.workloads, state.pin)
    else:
        workload.check_promoted(state.workloads, state.pin)


def health_of_serving(state: RunState, workload: Workload) -> HealthWatch:
    """Return a watch over the pods that serve, in which faults count from the start of the bake.

    Raises:
        ValueError: the run has no Deployments, so nothing was promoted.
    """
    if state.workloads is None:
        raise ValueError("a run without Deployments has promoted nothing")
    names = state.workloads
    deployment = names.canary if serving_arm(state) is Arm.CANARY else names.stable
    return workload.health(names, state.bake_since, deployment=deployment)
