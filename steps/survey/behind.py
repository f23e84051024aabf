"""Which Deployments stand behind a destination: their pods carry what Service and subset select by (pure)."""

from dataclasses import dataclass

from steps.cluster.api import Object
from steps.model.run import Destination
from steps.survey.objects import Survey, name_of, pod_labels
from steps.traffic.destinations import full_host
from steps.workload.label_selectors import contains

_SUFFIX = ".svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a destination.

    Args:
        service: name of its Service in the app's namespace; "" for a host elsewhere or one without a Service.
        requires: labels that a pod needs to get its requests; {} where the Service or the subset is missing.
        deployments: names of the Deployments whose pods carry these labels, in sort order.
    """

    service: str = ""
    requires: tuple[tuple[str, str], ...] = ()
    deployments: tuple[str, ...] = ()


def behind(survey: Survey, destination: Destination, namespace: str) -> Behind:
    """Return what stands behind a destination.

    Args:
        survey: of the app.
        destination: as the VirtualService names it.
        namespace: of the VirtualService, which completes a short host.
    """
    host = full_host(destination.host, namespace)
    service = _service(survey, host)
    if service is None:
        return Behind()
    name, selector = str(service["metadata"]["name"]), (service.get("spec") or {}).get("selector") or {}
    subset = _subset(survey, host, destination.subset) if destination.subset else {}
    if subset is None or not selector:
        return Behind(name)
    requires = {**selector, **subset}
    found = [name_of(one).name for one in survey.deployments if contains(requires, pod_labels(one))]
    return Behind(name, tuple(sorted(requires.items())), tuple(sorted(found)))


def _service(survey: Survey, host: str) -> Object | None:
    name, _, namespace = host.removesuffix(_SUFFIX).partition(".")
    return survey.service(name) if host.endswith(_SUFFIX) and namespace == survey.namespace else None


def _subset(survey: Survey, host: str, subset: str) -> dict[str, str] | None:
    """Return the labels of a subset, None where no DestinationRule defines it."""
    for rule in survey.destination_rules:
        body = rule.get("spec") or {}
        if full_host(str(body.get("host") or ""), name_of(rule).namespace) == host:
            for one in body.get("subsets") or []:
                if one.get("name") == subset:
                    return dict(one.get("labels") or {})
    return None
