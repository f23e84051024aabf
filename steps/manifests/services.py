"""Services of the arms: a twin of the app's own, one made from a container's ports, or the app's own switched over."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from steps.cluster.api import Object
from steps.cluster.kinds import SERVICE
from steps.errors import NotFound
from steps.manifests.http_ports import is_http
from steps.manifests.manifest import Manifest
from steps.manifests.metadata import for_itself, for_twin, managed_by
from steps.survey.objects import pod_labels
from steps.workload.service_ports import container_ports

_PORT_FIELDS = ("name", "port", "targetPort", "protocol", "appProtocol")
_TWIN_FIELDS = ("internalTrafficPolicy", "trafficDistribution", "publishNotReadyAddresses", "ipFamilyPolicy")
_DEFAULT_POLICY = "Cluster"
_SERVER_FIELDS = ("clusterIP", "clusterIPs", "ipFamilies", "healthCheckNodePort")


def twin(service: Object, name: str, selector: Mapping[str, str], other: str) -> Manifest:
    """Return the Service of the other arm: the same ports, for the pods of Deployment `other` alone.

    It gets an address of its own even if the first one is headless: without one, Envoy would send its requests where
    the client had connected to, which is the other arm.
    """
    body = service["spec"]
    ports = [{key: deepcopy(port[key]) for key in _PORT_FIELDS if key in port} for port in body.get("ports") or []]
    kept = {key: deepcopy(body[key]) for key in _TWIN_FIELDS if key in body and body[key] != _DEFAULT_POLICY}
    why = f"Sends requests to the pods of Deployment {other} only: the two arms of a release must not share pods."
    spec = {"selector": dict(selector), "ports": ports, **kept}
    marks = for_twin(service, "labels"), for_twin(service, "annotations")
    return Manifest(SERVICE, service["metadata"]["namespace"], name, {"spec": spec}, why, *marks)


def from_ports(deployment: Object, name: str) -> Object:
    """Return a Service as an app without one needs it: a port for each port that its containers declare.

    Raises:
        NotFound: they declare none.
    """
    metadata, spec = deployment["metadata"], deployment["spec"]
    found = {number: said for said, number, _ in container_ports(spec["template"])}
    if not found:
        cause = (
            f"it does not exist, and no container of Deployment {metadata['name']} declares a port from which it could"
            " be made. Create the Service that clients call, or declare the port (`containerPort`)."
        )
        raise NotFound(f"looking for Service {metadata['namespace']}/{name}", cause)
    ports = [_port(said, number, alone=len(found) == 1) for number, said in found.items()]
    chosen = spec["selector"].get("matchLabels") or pod_labels(deployment)
    selector = {key: value for key, value in pod_labels(deployment).items() if key in chosen}
    made = {"name": name, "namespace": metadata["namespace"]}
    return {"kind": SERVICE.name, "metadata": made, "spec": {"selector": selector, "ports": ports}}


def _port(said: str, number: int, *, alone: bool) -> dict[str, Any]:
    """Return a port of a Service; an only port is taken for HTTP, as weights need it."""
    port = {"name": said or f"port-{number}", "port": number, "targetPort": said or number}
    if alone and not is_http(port):
        port["name"] = f"http-{said}"[:15].rstrip("-") if said else "http"
    return port


def new_service(service: Object, why: str) -> Manifest:
    """Return a Service that was made from ports as a document."""
    metadata = service["metadata"]
    return Manifest(SERVICE, metadata["namespace"], metadata["name"], {"spec": deepcopy(service["spec"])}, why)


def switched(service: Object, selector: Mapping[str, str], other: str) -> Manifest:
    """Return the app's Service in full, with the pods of Deployment `other` behind it from now on."""
    metadata = service["metadata"]
    spec = {key: deepcopy(value) for key, value in service["spec"].items() if key not in _SERVER_FIELDS}
    if service["spec"].get("clusterIP") == "None":
        spec["clusterIP"] = "None"
    why = (
        f"The app's own Service, changed: it selects the pods of {other}, so that clients that pass no VirtualService"
        f" keep the version that serves."
    )
    return Manifest(
        kind=SERVICE,
        namespace=metadata["namespace"],
        name=metadata["name"],
        body={"spec": {**spec, "selector": dict(selector)}},
        why=why,
        labels=for_itself(service, "labels"),
        annotations=for_itself(service, "annotations"),
        replaces=True,
        warning=managed_by({**service, "kind": SERVICE.name}),
    )
