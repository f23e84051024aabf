"""What istiod derives from the objects: which pods serve a host, and their identity in metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.lab.embedded.kubelet.pod import port_of, workload_of
from tests.lab.embedded.mesh.policies import merged
from tests.support.controllers.replica_sets import ready_since
from tests.support.kubernetes_api.kinds import DESTINATION_RULE, POD, SERVICE, Json
from tests.support.kubernetes_api.store import Store


@dataclass(frozen=True)
class Endpoint:
    """One ready pod behind a service port."""

    ip: str
    port: int
    identity: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class Cluster:
    """One destination: a service port, maybe narrowed to a subset."""

    name: str
    host: str
    port: int
    endpoints: tuple[Endpoint, ...]
    policy: Json = field(default_factory=dict, hash=False)
    """The trafficPolicy of a DestinationRule, in Istio's words."""


def full_host(host: str, namespace: str) -> str:
    """Return the FQDN of a destination host, as Istio completes short names."""
    return host if "." in host else f"{host}.{namespace}.svc.cluster.local"


def cluster_name(host: str, port: int, subset: str = "") -> str:
    """Return the name istiod gives an outbound cluster."""
    return f"outbound|{port}|{subset}|{host}"


def identity(pod: Json) -> dict[str, str]:
    """Return what the metrics say about the workload of a pod."""
    labels = pod["metadata"].get("labels") or {}
    workload, app = workload_of(pod), labels.get("app", "unknown")
    account = pod["spec"].get("serviceAccountName", "default")
    return {
        "workload": workload,
        "namespace": pod["metadata"]["namespace"],
        "app": app,
        "version": labels.get("version", "unknown"),
        "canonical_service": labels.get("service.istio.io/canonical-name", labels.get("app", workload)),
        "canonical_revision": labels.get("service.istio.io/canonical-revision", labels.get("version", "latest")),
        "principal": f"spiffe://cluster.local/ns/{pod['metadata']['namespace']}/sa/{account}",
    }


def clusters(store: Store, *, sidecar_port: int = 0) -> list[Cluster]:
    """Return all clusters; with `sidecar_port` traffic goes to the pods' sidecars."""
    rules = store.list(DESTINATION_RULE)
    found = []
    for service in store.list(SERVICE):
        metadata, selector = service["metadata"], service["spec"].get("selector") or {}
        host = f"{metadata['name']}.{metadata['namespace']}.svc.cluster.local"
        of_host = [r["spec"] for r in rules if full_host(r["spec"]["host"], r["metadata"]["namespace"]) == host]
        subsets: list[Json] = [{"name": ""}, *(one for rule in of_host for one in rule.get("subsets") or [])]
        policies = [rule.get("trafficPolicy") or {} for rule in of_host]
        for port in service["spec"].get("ports") or []:
            for subset in subsets:
                labels = {**selector, **(subset.get("labels") or {})} if selector else {}
                endpoints = _endpoints(store, metadata["namespace"], labels, port, sidecar_port)
                name = cluster_name(host, port["port"], subset["name"])
                policy = merged([*policies, subset.get("trafficPolicy") or {}], port["port"])
                found.append(Cluster(name, host, port["port"], endpoints, policy))
    return found


def _endpoints(store: Store, namespace: str, labels: Json, port: Json, sidecar_port: int) -> tuple[Endpoint, ...]:
    if not labels:
        return ()
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    found = []
    for pod in store.list(POD, namespace, selector):
        target = _target(pod, port)
        if target is None or not serves(pod):
            continue
        # The sidecar forwards only to the app's port; a connection to any other port is refused either way.
        behind_sidecar = sidecar_port and target == port_of(pod)
        found.append(Endpoint(pod["status"]["podIP"], sidecar_port if behind_sidecar else target, identity(pod)))
    return tuple(found)


def serves(pod: Json) -> bool:
    """Return whether a pod is among the endpoints."""
    return ready_since(pod) is not None and "deletionTimestamp" not in pod["metadata"]


def _target(pod: Json, port: Json) -> int | None:
    """Return the pod's port behind a Service's port; Kubernetes leaves out a pod without a port of that name."""
    target: int | str = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for offered in container.get("ports") or []:
            if offered.get("name") == target and offered.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return int(offered["containerPort"])
    return None
