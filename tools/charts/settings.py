"""Where the values of the chart stand in the shipped objects: image, credentials, schedule, names and namespaces."""

from importlib.metadata import version
from typing import Any

from tools.charts.conditions import Expression, Json, When, replaced

VERSION = version("canary-steps")
SHIPPED_IMAGE = f"ghcr.io/canary-steps/canary-steps:{VERSION}"
_CLUSTER_NAME = Expression('printf "canary-steps-sweeper-%s" .Release.Namespace')
"""Objects without a namespace carry the release's in their name, so that releases do not collide."""
_SECRETS = When(".Values.image.pullSecrets", Expression('include "canary-steps.pullSecrets" .'))
_FROM = When(".Values.releasesFrom", Expression(".Values.releasesFrom"))


def with_values(document: Json) -> Json:
    """Return an object that takes image, pull policy and the settings of its kind from the values."""
    found: Any = replaced(document, SHIPPED_IMAGE, Expression('include "canary-steps.image" . | quote'))
    found = replaced(found, "IfNotPresent", Expression(".Values.image.pullPolicy"))
    change = {
        "ServiceAccount": _service_account,
        "CronJob": _cron_job,
        "RoleBinding": _role_binding,
        "ClusterRole": _cluster_role,
        "ClusterRoleBinding": _cluster_role_binding,
    }.get(str(document["kind"]))
    return change(found) if change else found


def _service_account(one: Json) -> Json:
    return {**one, "imagePullSecrets": _SECRETS}


def _cron_job(one: Json) -> Json:
    limits = {
        name: Expression(f".Values.sweep.{name} | int")
        for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    }
    return {**one, "spec": {**one["spec"], "schedule": Expression(".Values.sweep.schedule | quote"), **limits}}


def _role_binding(one: Json) -> Json:
    if one["metadata"]["name"] == "canary-steps-executor":  # for pods of this namespace only
        return one
    return {**one, "subjects": [{**subject, "namespace": _FROM} for subject in one["subjects"]]}


def _cluster_role(one: Json) -> Json:
    return {**one, "metadata": {**one["metadata"], "name": _CLUSTER_NAME}}


def _cluster_role_binding(one: Json) -> Json:
    subjects = [{**subject, "namespace": Expression(".Release.Namespace")} for subject in one["subjects"]]
    return {**_cluster_role(one), "roleRef": {**one["roleRef"], "name": _CLUSTER_NAME}, "subjects": subjects}
