"""ReplicaSets and pods of a Deployment."""

from collections.abc import Iterable, Mapping
from typing import Any

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, POD, REPLICA_SET
from steps.workload import label_selectors as label
from steps.workload.template import HASH_LABEL, RESTARTED, fingerprint


def current_replica_set(cluster: Cluster, deployment: Object) -> Object | None:
    """Return the ReplicaSet of the Deployment's present template, None until its controller has created it.

    It compares templates, as the controller does: the revision annotation lags behind a write.
    """
    namespace, selector = deployment["metadata"]["namespace"], deployment["spec"]["selector"]
    listed = cluster.list(REPLICA_SET, namespace, label.as_query(selector))
    owned = [entry for entry in listed if _is_owned(entry, deployment)]
    wanted = fingerprint(deployment["spec"]["template"], ())
    restarted = _restarted(deployment["spec"]["template"])
    same = [
        entry
        for entry in owned
        if fingerprint(entry["spec"]["template"], ()) == wanted and _restarted(entry["spec"]["template"]) == restarted
    ]
    return min(same, key=lambda entry: str(entry["metadata"].get("creationTimestamp", "")), default=None)


def owned_replica_set(cluster: Cluster, deployment: Object, name: str) -> Object | None:
    """Return the ReplicaSet of this name if the Deployment controls it, None otherwise.

    The name is from an annotation, which could name the ReplicaSet of another app.
    """
    found = cluster.find(REPLICA_SET, deployment["metadata"]["namespace"], name) if name else None
    return found if found is not None and _is_owned(found, deployment) else None


def pods_of(cluster: Cluster, deployment: Object, replica_set: Object, *, terminating: bool = False) -> list[Object]:
    """Return the pods of one ReplicaSet of a Deployment, without those being deleted unless `terminating` is set."""
    selector = dict(deployment["spec"]["selector"])
    made = replica_set["metadata"].get("labels", {}).get(HASH_LABEL)
    if made:
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: made}
    listed = cluster.list(POD, deployment["metadata"]["namespace"], label.as_query(selector))
    found = [entry for entry in listed if terminating or not is_terminating(entry)]
    return [entry for entry in found if _is_owned(entry, replica_set)]


def current_pods(cluster: Cluster, deployment: Object) -> list[Object]:
    """Return the pods that run the Deployment's present template."""
    found = current_replica_set(cluster, deployment)
    return pods_of(cluster, deployment, found) if found is not None else []


def pod_addresses(cluster: Cluster, deployment: Object) -> list[tuple[str, str, int]]:
    """Return (name, IP address, port) of the Deployment's ready pods; port 80 if no container declares one."""
    ports = [
        int(port["containerPort"])
        for container in deployment["spec"]["template"]["spec"]["containers"]
        for port in container.get("ports") or []
    ]
    ready = [pod for pod in current_pods(cluster, deployment) if is_ready(pod) and pod["status"].get("podIP")]
    return sorted((pod["metadata"]["name"], pod["status"]["podIP"], ports[0] if ports else 80) for pod in ready)


def running_addresses(cluster: Cluster, namespace: str, deployments: Iterable[str]) -> list[tuple[str, str]]:
    """Return (name, IP address) of all running pods of Deployments; those on the node's network have no own address."""
    found = {}
    for name in deployments:
        deployment = cluster.find(DEPLOYMENT, namespace, name)
        if deployment is None:
            continue
        for pod in cluster.list(POD, namespace, label.as_query(deployment["spec"]["selector"])):
            address = (pod.get("status") or {}).get("podIP")
            if address and not pod["spec"].get("hostNetwork"):
                found[pod["metadata"]["name"]] = str(address)
    return sorted(found.items())


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Return whether a pod receives requests."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(entry.get("type") == "Ready" and entry.get("status") == "True" for entry in conditions)


def is_terminating(pod: Mapping[str, Any]) -> bool:
    """Return whether a pod is being deleted: it receives no new requests."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def _is_owned(entry: Object, owner: Object) -> bool:
    uid = owner["metadata"].get("uid")
    references = entry["metadata"].get("ownerReferences") or []
    return bool(uid) and any(one.get("uid") == uid and one.get("controller") for one in references)


def _restarted(template: Mapping[str, Any]) -> str:
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(RESTARTED, ""))
