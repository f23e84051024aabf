"""Whether a Service's requests have no other ready pods than those of Deployments that are about to stop."""

from collections.abc import Mapping, Sequence

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, POD, SERVICE
from steps.errors import Forbidden
from steps.workload import label_selectors as label
from steps.workload.pods import is_ready, is_terminating


class PodsBehind:
    """Reads which pods stand behind Services of one namespace; each kind once.

    Args:
        cluster: the API server.
        namespace: of the Services and Deployments.
        stopping: names of the Deployments that are about to stop.
    """

    def __init__(self, cluster: Cluster, namespace: str, stopping: Sequence[str]) -> None:
        self._cluster, self._namespace = cluster, namespace
        found = (cluster.find(DEPLOYMENT, namespace, name) for name in stopping)
        self._stopping = [one for one in found if one is not None]
        self._services: dict[str, Object] | None = None

    def are_stopping(self, service: str, subset: Mapping[str, str]) -> bool:
        """Return whether a Service, narrowed to the labels of a subset, reaches pods that stop, and no other ready one.

        Where Services may not be listed, this is unknown, and False.
        """
        selector = self._selector(service)
        requires = {**selector, **subset}
        if not selector or not any(label.contains(requires, _pod_labels(one)) for one in self._stopping):
            return False
        pods = self._cluster.list(POD, self._namespace, label.as_query({"matchLabels": requires}))
        serving = [pod for pod in pods if is_ready(pod) and not is_terminating(pod)]
        return all(any(_owns(one, pod) for one in self._stopping) for pod in serving)

    def _selector(self, service: str) -> Mapping[str, str]:
        if self._services is None:
            try:
                listed = self._cluster.list(SERVICE, self._namespace)
            except Forbidden:
                listed = []
            self._services = {one["metadata"]["name"]: one for one in listed}
        found = self._services.get(service) or {}
        return (found.get("spec") or {}).get("selector") or {}


def _pod_labels(deployment: Object) -> Mapping[str, str]:
    return (deployment["spec"]["template"].get("metadata") or {}).get("labels") or {}


def _owns(deployment: Object, pod: Object) -> bool:
    wanted = deployment["spec"]["selector"].get("matchLabels") or {}
    return label.contains(wanted, pod["metadata"].get("labels") or {})
