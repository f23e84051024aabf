"""Require that the canary's ready pods are endpoints of its Service before it gets requests, as the mesh sees them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, ENDPOINT_SLICE, SERVICE
from steps.errors import Forbidden, PermanentError
from steps.model.ports import RoutePorts
from steps.model.run import WorkloadState
from steps.workload.pods import current_pods, is_ready
from steps.workload.readiness import WaitPolicy
from steps.workload.service_ports import ServicePort, needed_ports, port_text, ports_text, service_name, target_of_port

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SERVICE_LABEL: Final = "kubernetes.io/service-name"
FOLLOW_SECONDS: Final = 15.0
"""EndpointSlices follow a pod's readiness within a second; a busy control plane takes longer."""


def require_endpoints(
    cluster: Cluster, workloads: WorkloadState, service: str, routes: Sequence[RoutePorts], policy: WaitPolicy
) -> None:
    """Wait until every port that the routes reach on the canary has a ready pod of the canary behind it.

    Without permission to list EndpointSlices, it logs a warning and checks nothing.

    Args:
        cluster: the API server; a dry run asks for nothing.
        workloads: the Deployments.
        service: name of the canary's Service.
        routes: the run's routes.
        policy: how to wait; at most 15 s.

    Raises:
        PermanentError: a port without a ready endpoint; names Service, port, and what the pods offer.
    """
    if cluster.is_dry_run:
        return
    policy = replace(policy, deadline_seconds=min(policy.deadline_seconds, FOLLOW_SECONDS))
    found = cluster.get(SERVICE, workloads.namespace, service)
    began = time.monotonic()
    while True:
        try:
            slices = cluster.list(ENDPOINT_SLICE, workloads.namespace, f"{SERVICE_LABEL}={service}")
        except Forbidden as error:
            log.warning("endpoints.unknown", service=service, detail=f"endpoints are not checked: {error.cause}")
            return
        deployment = cluster.get(DEPLOYMENT, workloads.namespace, workloads.canary)
        ready = {str(pod["metadata"]["name"]) for pod in current_pods(cluster, deployment) if is_ready(pod)}
        lacking = [way for way in needed_ports(routes, found) if not any(_serves(slices, port, ready) for port in way)]
        if not lacking:
            return
        waited = time.monotonic() - began
        if waited >= policy.deadline_seconds:
            raise _refusal(found, lacking[0], slices, deployment, ready, policy)
        policy.renew()
        time.sleep(policy.poll_seconds)


def _serves(slices: Sequence[Object], port: ServicePort, ready: set[str]) -> bool:
    return bool(_endpoints(slices, port) & ready)


def _endpoints(slices: Sequence[Object], port: ServicePort) -> set[str]:
    """Return the pods that are ready endpoints of a Service port; a slice has the port only where a pod offers it."""
    name = str(port.get("name") or "")
    return {
        str((endpoint.get("targetRef") or {}).get("name") or "")
        for entry in slices
        if any(str(one.get("name") or "") == name for one in entry.get("ports") or [])
        for endpoint in entry.get("endpoints") or []
        if _is_ready(endpoint)
    }


def _is_ready(endpoint: Mapping[str, Any]) -> bool:
    """Return whether an endpoint is ready; an unknown condition counts as ready, as the API says."""
    return (endpoint.get("conditions") or {}).get("ready") is not False


def _refusal(
    service: Object,
    way: Sequence[ServicePort],
    slices: Sequence[Object],
    deployment: Object,
    ready: set[str],
    policy: WaitPolicy,
) -> PermanentError:
    namespace, name = service["metadata"].get("namespace", ""), service["metadata"]["name"]
    ports = " and ".join(f"port {port_text(port)} with targetPort {target_of_port(port)}" for port in way)
    others = sorted(set().union(*(_endpoints(slices, port) for port in way)) - ready - {""})
    behind = f"only {', '.join(others[:3])} is behind it" if others else "nothing is behind it"
    pods = ", ".join(sorted(ready)[:3]) or "none at present"
    cause = (
        f"after {policy.deadline_seconds:g} s no pod of Deployment {deployment['metadata']['name']} is a ready "
        f"endpoint of {ports}: {behind}. Its ready pods are {pods}, and their containers declare "
        f"{ports_text(deployment['spec']['template'])}. Users would get 503. Compare the Service's targetPort and "
        f"selector with the pods: kubectl -n {namespace} get endpointslices -l {SERVICE_LABEL}={name}"
    )
    return PermanentError(f"looking for the endpoints of {service_name(service)}", cause)
