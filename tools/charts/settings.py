"""Where the values of the chart stand in the shipped objects: image, credentials, schedule, names and namespaces."""

from importlib.metadata import version
from typing import cast

from tools.charts.conditions import Expression, Json, When, replaced

VERSION = version("canary-steps")
SHIPPED_IMAGE = f"ghcr.io/canary-steps/canary-steps:{VERSION}"
_SECRETS = When(".Values.image.pullSecrets", Expression('include "canary-steps.pullSecrets" .'))
_FROM = When(".Values.releasesFrom", Expression(".Values.releasesFrom"))


def with_values(document: Json) -> Json:
    """Return an object that takes image, pull policy and the settings of its kind from the values."""
    found = replaced(document, SHIPPED_IMAGE, Expression('include "canary-steps.image" . | quote'))
    found = cast("Json", replaced(found, "IfNotPresent", Expression(".Values.image.pullPolicy")))
    change = {
        "ServiceAccount": _service_account,
        "CronJob": _cron_job,
        "Deployment": _deployment,
        "RoleBinding": _role_binding,
        "ClusterRole": _named_for_release,
        "ClusterRoleBinding": _cluster_role_binding,
        "ValidatingAdmissionPolicy": _named_for_release,
        "ValidatingAdmissionPolicyBinding": _policy_binding,
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
    if one["metadata"]["name"] in {"canary-steps-executor", "canary-steps-board"}:  # for pods of this namespace only
        return one
    return {**one, "subjects": [{**subject, "namespace": _FROM} for subject in one["subjects"]]}


def _deployment(one: Json) -> Json:
    found: Json = one
    for text, value in (("0.0.0.0:8080", "listen"), ("", "runUrl")):
        found = cast("Json", replaced(found, text, Expression(f".Values.board.{value} | quote")))
    return found


def _named_for_release(one: Json) -> Json:
    return {**one, "metadata": {**one["metadata"], "name": _cluster_name(one)}}


def _cluster_role_binding(one: Json) -> Json:
    subjects = [{**subject, "namespace": Expression(".Release.Namespace")} for subject in one["subjects"]]
    return {**_named_for_release(one), "roleRef": {**one["roleRef"], "name": _cluster_name(one)}, "subjects": subjects}


def _policy_binding(one: Json) -> Json:
    actions = Expression(".Values.admissionPolicy.actions | toJson")
    return {**_named_for_release(one), "spec": {"policyName": _cluster_name(one), "validationActions": actions}}


def _cluster_name(one: Json) -> Expression:
    """Return the name of an object without a namespace: it has the release's, so that releases do not collide."""
    return Expression(f'printf "{one["metadata"]["name"]}-%s" .Release.Namespace')
