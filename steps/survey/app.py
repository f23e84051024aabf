"""Which Deployments and VirtualServices belong to an app (pure)."""

from steps.cluster.api import Object
from steps.model.run import Destination, ObjectName
from steps.survey.behind import behind
from steps.survey.objects import Survey, name_of, pod_labels
from steps.survey.splits import Side, splits_of
from steps.traffic.destinations import full_host
from steps.workload.label_selectors import contains

_NAME_LABELS = (
    "app",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "k8s-app",
    "service.istio.io/canonical-name",
)


def app_deployments(survey: Survey, app: str) -> tuple[str, ...]:
    """Return the names of an app's Deployments.

    The first rule that finds any counts: named like the app together with those behind the Service of that name, then
    those whose pods carry the app's name in a usual label, then those named `<app>-…`.
    """
    names = [name_of(one).name for one in survey.deployments]
    own = {name for name in names if name == app} | set(_behind_service(survey, app))
    labelled = {name_of(one).name for one in survey.deployments if app in _names_in_labels(one)}
    prefixed = {name for name in names if name.startswith(f"{app}-")}
    return tuple(sorted(own or labelled or prefixed))


def app_virtual_services(survey: Survey, app: str) -> tuple[ObjectName, ...]:
    """Return the VirtualServices that lead to an app, in sort order.

    The first rule that finds any counts: named like the app or leading to a Service of that name, then leading to a
    Service that selects one of the app's Deployments.
    """
    own = set(app_deployments(survey, app))
    host = full_host(app, survey.namespace)
    found = {
        name_of(one)
        for one in survey.virtual_services
        if name_of(one) == ObjectName(survey.namespace, app) or _leads_to_host(one, host)
    }
    found |= {name_of(one) for one in survey.virtual_services if _leads_to_pods(one, own, survey)}
    return tuple(sorted(found))


def _behind_service(survey: Survey, service: str) -> list[str]:
    found = survey.service(service)
    selector = ((found or {}).get("spec") or {}).get("selector") or {}
    return [name_of(one).name for one in survey.deployments if contains(selector, pod_labels(one))]


def _names_in_labels(deployment: Object) -> set[str]:
    labels = pod_labels(deployment)
    return {labels[key] for key in _NAME_LABELS if key in labels}


def _leads_to_host(virtual_service: Object, host: str) -> bool:
    return any(side[0] == host for side in _sides(virtual_service))


def _leads_to_pods(virtual_service: Object, deployments: set[str], survey: Survey) -> bool:
    return any(
        deployments & set(behind(survey, Destination(*side), survey.namespace).deployments)
        for side in _sides(virtual_service)
    )


def _sides(virtual_service: Object) -> list[Side]:
    return [side for split in splits_of([virtual_service]) for side, _ in split.sides]
