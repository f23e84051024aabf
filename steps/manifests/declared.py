"""Services, routes and DestinationRules as a manifest declares them, for objects that do not exist yet."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from steps.cluster.api import Object
from steps.cluster.kinds import DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE
from steps.flagger.service import DeclaredService, Marks
from steps.manifests.manifest import Manifest
from steps.manifests.splits import destination_body
from steps.manifests.subsets import rules_of
from steps.model.names import ReleaseNames
from steps.model.run import ObjectName
from steps.survey.objects import Survey, pod_labels
from steps.traffic.destinations import full_host
from steps.workload.service_ports import container_ports


def declared_service(declared: DeclaredService, deployed: Object) -> Object:
    """Return the app's Service, which selects the pods of the Deployment that people deploy."""
    chosen = deployed["spec"]["selector"].get("matchLabels") or pod_labels(deployed)
    selector = {key: value for key, value in pod_labels(deployed).items() if key in chosen}
    port: dict[str, Any] = {"name": declared.port_name, "port": declared.port, "targetPort": declared.target_port}
    more = dict(declared.more)
    if "appProtocol" in more:
        port["appProtocol"] = more.pop("appProtocol")
    headless = {"clusterIP": "None"} if declared.is_headless else {}
    spec = {"selector": selector, "ports": [port, *_other_ports(declared, deployed)], **more, **headless}
    metadata = {"name": declared.name, "namespace": deployed["metadata"]["namespace"], **_marked(declared.apex)}
    return {"kind": SERVICE.name, "metadata": metadata, "spec": spec}


def _other_ports(declared: DeclaredService, deployed: Object) -> list[dict[str, Any]]:
    if not declared.with_all_ports:
        return []
    found = {number: said for said, number, _ in container_ports(deployed["spec"]["template"])}
    taken = {declared.port, declared.target_port}
    return [
        {"name": said or f"port-{number}", "port": number, "targetPort": said or number}
        for number, said in found.items()
        if number not in taken and said not in {declared.target_port, declared.port_name}
    ]


def with_marks(made: Manifest, marks: Marks) -> Manifest:
    """Return a document with the declared labels and annotations, and no others."""
    return replace(made, labels=dict(marks.labels) or None, annotations=dict(marks.annotations) or None)


def declared_routes(
    names: ReleaseNames, name: ObjectName, declared: DeclaredService, service: Object, survey: Survey
) -> list[Manifest]:
    """Return the VirtualService with the declared route, and the DestinationRules of both arms."""
    spec: dict[str, Any] = {} if declared.is_delegate else {"hosts": _hosts(declared)}
    if declared.gateways and not declared.is_delegate:
        spec["gateways"] = list(declared.gateways)
    spec["http"] = [{"name": "release", **deepcopy(dict(declared.route)), "route": _arms(names, name, service)}]
    why = "The split between the two arms, as the manifest declares it. A release changes the two weights only."
    routes = Manifest(VIRTUAL_SERVICE, name.namespace, name.name, {"spec": spec}, why)
    return [*_rules(names, declared, survey), with_marks(routes, declared.apex)]


def _hosts(declared: DeclaredService) -> list[str]:
    own = [] if declared.name in declared.hosts or "*" in declared.hosts else [declared.name]
    return [*declared.hosts, *own]


def _arms(names: ReleaseNames, name: ObjectName, service: Object) -> list[dict[str, Any]]:
    """Return both destinations; where a Service has several ports, Istio needs to know which is meant."""
    ports = service["spec"].get("ports") or []
    to = {"port": {"number": ports[0]["port"]}} if len(ports) > 1 else {}
    return [
        {"destination": {**destination_body(arm, names.namespace, name.namespace), **to}, "weight": weight}
        for arm, weight in ((names.stable_destination, 100), (names.canary_destination, 0))
    ]


def _rules(names: ReleaseNames, declared: DeclaredService, survey: Survey) -> list[Manifest]:
    if not declared.traffic_policy:
        return []
    why = "The traffic policy of one arm, as the manifest declares it."
    hosts = [arm.host for arm in (names.stable_destination, names.canary_destination)]
    missing = [host for host in hosts if not rules_of(survey, full_host(host, names.namespace))]
    specs = {host: {"host": host, "trafficPolicy": deepcopy(dict(declared.traffic_policy))} for host in missing}
    return [Manifest(DESTINATION_RULE, names.namespace, host, {"spec": spec}, why) for host, spec in specs.items()]


def _marked(marks: Marks) -> Mapping[str, Any]:
    found = {"labels": dict(marks.labels), "annotations": dict(marks.annotations)}
    return {key: value for key, value in found.items() if value}
