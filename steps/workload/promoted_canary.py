"""Whether the canary of a swap can be left with all users, and what happens to the arm that served before."""

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import ForeignWrite, NotFound
from steps.model.run import Pin, WorkloadState
from steps.workload.pin import check_pin
from steps.workload.readiness import get_observed, is_rolled_out


def can_serve_all(cluster: Cluster, workloads: WorkloadState, pin: Pin) -> bool:
    """Return whether the canary is the pinned one and its pods are ready.

    All of them have to be, as long as stable has a ready pod to return to; else any pod is better than none.
    """
    try:
        check_pin(cluster, workloads, pin)
        canary = get_observed(cluster, workloads.namespace, workloads.canary)
    except (ForeignWrite, NotFound):
        return False
    if is_rolled_out(canary, max(1, int(canary["spec"].get("replicas", 1)))):
        return True
    stable = cluster.find(DEPLOYMENT, workloads.namespace, workloads.stable)
    return _available(canary) > 0 and not (stable is not None and _available(stable))


def stable_has_pods(cluster: Cluster, workloads: WorkloadState) -> bool:
    """Return whether stable is scaled above 0."""
    stable = cluster.find(DEPLOYMENT, workloads.namespace, workloads.stable)
    return stable is not None and stable["spec"].get("replicas", 1) != 0


def _available(deployment: Object) -> int:
    return int((deployment.get("status") or {}).get("availableReplicas", 0))
