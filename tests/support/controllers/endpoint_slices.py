"""The EndpointSlice controller: which pods serve each port of a Service, as the mesh and the steps read it."""

from __future__ import annotations

from typing import Any

from tests.support.controllers.replica_sets import ready_since
from tests.support.kubernetes_api.kinds import ENDPOINT_SLICE, POD, SERVICE, Json
from tests.support.kubernetes_api.store import Store

SERVICE_LABEL = "kubernetes.io/service-name"
_MANAGER = "endpointslice-controller.k8s.io"


class EndpointSlices:
    """Slices of each Service with a selector: one for each set of ports that its pods resolve to."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reconcile(self, service: Json) -> None:
        """Update the slices of one Service from its pods."""
        metadata, spec = service["metadata"], service["spec"]
        if not spec.get("selector") or spec.get("type") == "ExternalName":
            return
        wanted = {f"{metadata['name']}-{number}": body for number, body in enumerate(self._bodies(service))}
        found = self._store.list(ENDPOINT_SLICE, metadata["namespace"], f"{SERVICE_LABEL}={metadata['name']}")
        for item in found:
            body = wanted.pop(item["metadata"]["name"], None)
            if body is None:
                self._store.delete(ENDPOINT_SLICE, metadata["namespace"], item["metadata"]["name"])
            elif any(item.get(key) != value for key, value in body.items()):
                self._replace(item, body)
        for name, body in wanted.items():
            labels = {SERVICE_LABEL: metadata["name"], "endpointslice.kubernetes.io/managed-by": _MANAGER}
            made = {"metadata": {"name": name, "labels": labels}, "addressType": "IPv4", **body}
            self._store.create(ENDPOINT_SLICE, metadata["namespace"], made, manager="kube-controller-manager")

    def collect(self) -> None:
        """Delete the slices of Services that are gone."""
        slices = self._store.list(ENDPOINT_SLICE)
        alive = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in self._store.list(SERVICE)}
        for item in slices:
            metadata = item["metadata"]
            if (metadata["namespace"], metadata["labels"][SERVICE_LABEL]) not in alive:
                self._store.delete(ENDPOINT_SLICE, metadata["namespace"], metadata["name"])

    def _bodies(self, service: Json) -> list[Json]:
        """Return endpoints and ports of each slice; a port whose target a pod does not have is left out for it."""
        groups: dict[str, Json] = {}
        selector = ",".join(f"{key}={value}" for key, value in service["spec"]["selector"].items())
        for pod in self._store.list(POD, service["metadata"]["namespace"], selector):
            if not (pod.get("status") or {}).get("podIP"):
                continue
            ports = [made for port in service["spec"].get("ports") or [] if (made := _resolved(port, pod))]
            group = groups.setdefault(str(ports), {"ports": ports, "endpoints": []})
            group["endpoints"].append(_endpoint(pod))
        return list(groups.values()) or [{"ports": [], "endpoints": []}]

    def _replace(self, item: Json, body: Json) -> None:
        def changed(found: Json) -> Json:
            return {**found, **body}

        metadata = item["metadata"]
        self._store.change(
            ENDPOINT_SLICE, metadata["namespace"], metadata["name"], changed, manager="kube-controller-manager"
        )


def _endpoint(pod: Json) -> Json:
    metadata = pod["metadata"]
    terminating = "deletionTimestamp" in metadata
    serving = ready_since(pod) is not None
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": serving and not terminating, "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"]},
    }


def _resolved(port: Json, pod: Json) -> Json:
    target: Any = port.get("targetPort") or port["port"]
    if isinstance(target, str):
        declared = [one for container in pod["spec"]["containers"] for one in container.get("ports") or []]
        target = next((one["containerPort"] for one in declared if one.get("name") == target), None)
    if target is None:
        return {}
    return {"name": port.get("name", ""), "port": int(target), "protocol": port.get("protocol", "TCP")}
