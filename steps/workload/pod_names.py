"""Names of Deployments' pods, found by owner in the API server instead of guessed by a pattern."""

from collections.abc import Iterable

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, POD, REPLICA_SET
from steps.model.pods import PodNames, pod_prefix
from steps.workload import label_selectors as label


def pod_names(cluster: Cluster, namespace: str, deployments: Iterable[str]) -> PodNames:
    """Return the pods of Deployments, and the name prefixes of their past and present ReplicaSets' pods.

    It takes at most two requests per Deployment, and one list of the namespace's pods. A Deployment that does not exist
    has no pods.
    """
    sets = {name: _replica_sets(cluster, namespace, name) for name in deployments}
    prefixes = {name: tuple(pod_prefix(entry["metadata"]["name"]) for entry in found) for name, found in sets.items()}
    owners = {str(entry["metadata"].get("uid")): name for name, found in sets.items() for entry in found}
    known = PodNames(prefixes)
    pods = {}
    for pod in cluster.list(POD, namespace) if owners else ():
        name, owner = pod["metadata"]["name"], owners.get(_controller(pod), "")
        if owner or known.deployment_of(name):
            pods[name] = owner
    return PodNames(prefixes, pods)


def _replica_sets(cluster: Cluster, namespace: str, name: str) -> list[Object]:
    deployment = cluster.find(DEPLOYMENT, namespace, name)
    if deployment is None:
        return []
    listed = cluster.list(REPLICA_SET, namespace, label.as_query(deployment["spec"]["selector"]))
    return [entry for entry in listed if _controller(entry) == deployment["metadata"].get("uid")]


def _controller(entry: Object) -> str:
    """Return the uid of the controller that owns an object, "" without one."""
    references = entry["metadata"].get("ownerReferences") or []
    return next((str(one.get("uid")) for one in references if one.get("controller")), "")
