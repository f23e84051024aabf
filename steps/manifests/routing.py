"""The routing: a VirtualService with both destinations, and a DestinationRule where the arms are subsets."""

from collections.abc import Sequence
from typing import Any

from steps.claim.observed import name_of
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from steps.errors import PermanentError
from steps.manifests.manifest import Document, Manifest, ManualEdit
from steps.model.names import ReleaseNames
from steps.model.run import Destination, ObjectName, RouteTarget
from steps.traffic.destinations import ArmDestinations, full_host
from steps.traffic.routes import http_routes, with_both_arms
from steps.traffic.traffic import Traffic

_HTTP = ("http", "grpc")


def virtual_services(
    cluster: Cluster,
    traffic: Traffic,
    names: ReleaseNames,
    service: Object,
    hosts: Sequence[str],
    gateways: Sequence[str],
) -> list[Document]:
    """Return what the VirtualServices of a release are missing.

    A VirtualService is only printed if none routes the host yet; an existing one has to be edited by its owner, and
    the lines to add are printed as a comment.
    """
    found: list[Document] = []
    for name in names.virtual_services:
        present = cluster.find(VIRTUAL_SERVICE, name.namespace, name.name)
        if present is not None:
            found += _missing_arms(traffic, names, present)
            continue
        others_of_host = [
            obj for obj in cluster.list(VIRTUAL_SERVICE, name.namespace) if _routes_host(obj, names, hosts)
        ]
        if others_of_host:
            others = ", ".join(str(name_of(obj)) for obj in others_of_host)
            text = f"VirtualService {others} already routes the host, so none is printed. Name it: --virtual-service "
            found.append(ManualEdit(f"{text}{others}"))
            found += [one for obj in others_of_host for one in _missing_arms(traffic, names, obj)]
        else:
            found.append(_new_virtual_service(names, name, service, hosts, gateways))
    return found


def _missing_arms(traffic: Traffic, names: ReleaseNames, present: Object) -> list[Document]:
    name = name_of(present)
    if with_both_arms(present, ArmDestinations(names.stable_destination, names.canary_destination, name.namespace)):
        return []
    try:
        traffic.resolve((RouteTarget(name, names.routes),), names.stable_destination, names.canary_destination)
    except PermanentError as error:
        return [ManualEdit(f"VirtualService {name} exists, edit it by hand: {error.cause}")]
    return []


def _routes_host(obj: Object, names: ReleaseNames, hosts: Sequence[str]) -> bool:
    namespace = name_of(obj).namespace
    wanted = {full_host(host, namespace) for host in (names.app, names.stable_destination.host, *hosts)}
    routed = [str(host) for host in (obj.get("spec") or {}).get("hosts") or []]
    routed += [
        str((entry.get("destination") or {}).get("host") or "")
        for body in http_routes(obj)
        for entry in body.get("route") or []
    ]
    return any(full_host(host, namespace) in wanted for host in routed)


def _new_virtual_service(
    names: ReleaseNames, name: ObjectName, service: Object, hosts: Sequence[str], gateways: Sequence[str]
) -> Manifest:
    own = service["metadata"]["name"] if name.namespace == names.namespace else _full(service)
    spec: dict[str, Any] = {"hosts": [own, *(host for host in hosts if host != own)]}
    if gateways:
        spec["gateways"] = ["mesh", *gateways]
    ports = service["spec"].get("ports") or []
    if len(ports) <= 1:
        spec["http"] = [{"name": "release", "route": _two_destinations(names, None)}]
    else:
        spec["http"] = [
            {
                "name": f"port-{port['port']}",
                "match": [{"port": port["port"]}],
                "route": _two_destinations(names, port["port"]),
            }
            for port in ports
            if _is_http(port)
        ] or [{"name": "release", "route": _two_destinations(names, ports[0]["port"])}]
    why = "The split between the two arms. All weight is on stable; a release changes the two weights and nothing else."
    if not gateways:
        why += " It serves clients in the mesh; for clients outside name their gateway: --gateway namespace/name."
    return Manifest(VIRTUAL_SERVICE, name.namespace, name.name, {"spec": spec}, why)


def _full(service: Object) -> str:
    return full_host(service["metadata"]["name"], service["metadata"]["namespace"])


def _two_destinations(names: ReleaseNames, port: int | None) -> list[dict[str, Any]]:
    split = []
    for destination, weight in ((names.stable_destination, 100), (names.canary_destination, 0)):
        body: dict[str, Any] = {"host": destination.host}
        body |= {"subset": destination.subset} if destination.subset else {}
        body |= {"port": {"number": port}} if port is not None else {}
        split.append({"destination": body, "weight": weight})
    return split


def _is_http(port: Object) -> bool:
    said = str(port.get("appProtocol") or port.get("name") or "").lower()
    return said.startswith(_HTTP) or "/http" in said


def destination_rule(cluster: Cluster, names: ReleaseNames, stable: Object, service: Object) -> list[Document]:
    """Return the DestinationRule that the subsets of the two destinations need, if there is none.

    Raises:
        PermanentError: stable's pods have no label by which a canary's could differ.
    """
    arms = (names.stable_destination, names.canary_destination)
    if not any(arm.subset for arm in arms):
        return []
    host = full_host(names.stable_destination.host, names.namespace)
    rules = [
        rule
        for rule in cluster.list(DESTINATION_RULE, names.namespace)
        if full_host(str(rule["spec"].get("host") or ""), names.namespace) == host
    ]
    known = {str(subset.get("name")) for rule in rules for subset in rule["spec"].get("subsets") or []}
    subsets = [_subset(arm, names, stable, service) for arm in arms if arm.subset and arm.subset not in known]
    if not subsets:
        return []
    if rules:
        lines = "\n".join(f"  - name: {one['name']}\n    labels: {one['labels']}" for one in subsets)
        return [ManualEdit(f"DestinationRule {name_of(rules[0])} exists, add to it by hand:\n  subsets:\n{lines}")]
    why = "The two subsets of the routes. Envoy answers 503 for a subset that no DestinationRule defines."
    body = {"spec": {"host": names.stable_destination.host, "subsets": subsets}}
    return [Manifest(DESTINATION_RULE, names.namespace, host.partition(".")[0], body, why)]


def _subset(arm: Destination, names: ReleaseNames, stable: Object, service: Object) -> dict[str, Any]:
    """Return a subset, defined by a label of stable's selector that the Service does not select by."""
    chosen = stable["spec"]["selector"].get("matchLabels") or {}
    selected = service["spec"].get("selector") or {}
    free = [key for key in chosen if key not in selected]
    if not free:
        cause = (
            f"Deployment {names.stable} selects its pods by {', '.join(chosen) or 'nothing'}, as Service"
            f" {service['metadata']['name']} does: no label is left to distinguish two subsets. Add one, for example"
            " `track: stable`, to its selector and template (a selector is immutable: recreate the Deployment), or"
            " use two hosts instead of subsets."
        )
        raise PermanentError(f"looking for labels of subset {arm.subset}", cause)
    key = next((one for one in ("track", "version") if one in free), free[0])
    return {"name": arm.subset, "labels": {key: chosen[key] if arm == names.stable_destination else "canary"}}
