"""Fresh pods of the same version: the old ones go, the Deployment's template and ReplicaSet stay."""

import time

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import TemporaryError
from steps.model.run import WorkloadState
from steps.workload.pod_disruptions import unix_seconds
from steps.workload.pods import current_replica_set, pods_of
from steps.workload.readiness import WaitPolicy


def old_pods(cluster: Cluster, workloads: WorkloadState, since: float, *, terminating: bool = False) -> list[str]:
    """Return the pods of the canary and its baseline that were created before a moment.

    Args:
        cluster: the API server, by whose clock a pod has its creation time, in whole seconds.
        workloads: the Deployments.
        since: unix seconds.
        terminating: also those that are being deleted.
    """
    deployments = (cluster.find(DEPLOYMENT, workloads.namespace, name) for name in workloads.clones)
    pods = [pod for found in deployments if found is not None for pod in _pods(cluster, found, terminating=terminating)]
    created = {pod["metadata"]["name"]: unix_seconds(pod["metadata"].get("creationTimestamp")) for pod in pods}
    return sorted(name for name, at in created.items() if at < int(since))


def await_old_pods_gone(cluster: Cluster, workloads: WorkloadState, since: float, policy: WaitPolicy) -> None:
    """Wait until none of these pods is left, so that the next trial does not take their end for a disruption.

    Raises:
        TemporaryError: some are left at the deadline: somebody else keeps them up.
    """
    began = time.monotonic()
    while left := old_pods(cluster, workloads, since, terminating=True):
        if time.monotonic() - began >= policy.deadline_seconds:
            cause = (
                f"{', '.join(left)} still run after {policy.deadline_seconds:g} s, although Deployment"
                f" {workloads.namespace}/{workloads.canary} was scaled to 0: check who else sets its replicas."
            )
            raise TemporaryError("replacing the canary's pods", cause)
        policy.renew()
        time.sleep(policy.poll_seconds)


def _pods(cluster: Cluster, deployment: Object, *, terminating: bool) -> list[Object]:
    found = current_replica_set(cluster, deployment)
    return pods_of(cluster, deployment, found, terminating=terminating) if found is not None else []
