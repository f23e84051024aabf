"""New VirtualServices: for an app that none leads to yet."""

from collections.abc import Sequence
from typing import Any

from steps.cluster.api import Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.errors import PermanentError
from steps.manifests.http_ports import port_warning, released_ports
from steps.manifests.manifest import Manifest
from steps.manifests.splits import destination_body
from steps.model.names import ReleaseNames
from steps.model.run import ObjectName
from steps.survey.objects import Survey, name_of
from steps.traffic.destinations import full_host
from steps.workload.service_ports import ServicePort, port_text, tcp_ports

MESH = "mesh"
_ANY = "*"


def new_virtual_services(
    names: ReleaseNames, name: ObjectName, service: Object, hosts: Sequence[str], gateways: Sequence[str]
) -> list[Manifest]:
    """Return a VirtualService for the app's Service, for the mesh and the named gateways.

    Istio refuses the host `*` for the mesh: with it the gateways get a VirtualService of their own.

    Raises:
        PermanentError: no port of the Service carries HTTP, or the host `*` has no gateway.
    """
    outside = tuple(dict.fromkeys(one for one in gateways if one != MESH))
    own = service["metadata"]["name"] if name.namespace == names.namespace else _full(service)
    further = tuple(dict.fromkeys(host for host in hosts if host != own))
    if _ANY not in further:
        return [_made(names, name, service, (own, *further), (MESH, *outside) if outside else ())]
    if not outside:
        cause = "Istio accepts it for gateways only, not for the mesh. Name the gateway: --gateway namespace/name."
        raise PermanentError("printing a VirtualService for the host `*`", cause)
    return [
        _made(names, name, service, (own,), ()),
        _made(names, gateway_name(name), service, further, outside),
    ]


def gateway_name(name: ObjectName) -> ObjectName:
    """Return the name of a VirtualService for gateways beside the one for the mesh."""
    return ObjectName(name.namespace, f"{name.name}-gateway")


def serving_host(survey: Survey, names: ReleaseNames, hosts: Sequence[str]) -> list[ObjectName]:
    """Return the VirtualServices that serve the app's own host in the mesh, or one of `hosts`, already."""
    wanted = {full_host(host, names.namespace) for host in (names.app, *hosts)}
    return [name_of(obj) for obj in survey.virtual_services if wanted & _hosts(obj)]


def _hosts(obj: Object) -> set[str]:
    spec = obj.get("spec") or {}
    return {full_host(str(host), name_of(obj).namespace) for host in spec.get("hosts") or []}


def _made(
    names: ReleaseNames, name: ObjectName, service: Object, hosts: Sequence[str], gateways: Sequence[str]
) -> Manifest:
    ports = released_ports(service)
    spec: dict[str, Any] = {"hosts": list(hosts), **({"gateways": list(gateways)} if gateways else {})}
    spec["http"] = _routes(names, name.namespace, service, ports, gateways)
    why = "The split between the two arms. All weight is on stable; a release changes the two weights and nothing else."
    if not gateways:
        why += " It serves clients in the mesh; for clients outside name their gateway: --gateway namespace/name."
    elif len(ports) > 1:
        why += f" Clients of the gateway reach port {port_text(ports[0])}, the first that carries HTTP."
    warning = port_warning(service, ports)
    return Manifest(VIRTUAL_SERVICE, name.namespace, name.name, {"spec": spec}, why, warning=warning)


def _routes(
    names: ReleaseNames, place: str, service: Object, ports: list[ServicePort], gateways: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the routes; a port without one keeps its own way.

    Istio compares a match's port with the listener's: in the mesh that is the Service's port, at a gateway it is not.
    """
    if len(tcp_ports(service)) == 1:
        return [{"name": "release", "route": _arms(names, place, None)}]
    outside = [one for one in gateways if one != MESH]
    inside = MESH in gateways or not gateways
    routes = [_port_route(names, place, int(port["port"]), mixed=bool(outside)) for port in ports] if inside else []
    if outside:
        match = {"match": [{"gateways": outside}]} if inside else {}
        routes.append({"name": "gateway", **match, "route": _arms(names, place, int(ports[0]["port"]))})
    return routes


def _port_route(names: ReleaseNames, place: str, port: int, *, mixed: bool) -> dict[str, Any]:
    match = {"port": port, **({"gateways": [MESH]} if mixed else {})}
    return {"name": f"port-{port}", "match": [match], "route": _arms(names, place, port)}


def _arms(names: ReleaseNames, place: str, port: int | None) -> list[dict[str, Any]]:
    to = {"port": {"number": port}} if port is not None else {}
    return [
        {"destination": {**destination_body(arm, names.namespace, place), **to}, "weight": weight}
        for arm, weight in ((names.stable_destination, 100), (names.canary_destination, 0))
    ]


def _full(service: Object) -> str:
    return full_host(service["metadata"]["name"], service["metadata"]["namespace"])
