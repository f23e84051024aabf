"""The components of workflows/components as switches of the chart: what each adds to an object, under its condition."""

import re
from typing import cast

from tools.charts.conditions import Expression, Json, When, patched, replaced
from tools.charts.sources import deleted, patches

_CLUSTER = 'ne .Values.argo.clusterTemplates "none"'
_INSTALLS_CLUSTER = 'eq .Values.argo.clusterTemplates "install"'
SWITCHES = {
    "notifications": ".Values.argo.notifications.enabled",
    "report-artifact": ".Values.argo.reportArtifact",
    "sweep-all-namespaces": ".Values.sweep.allNamespaces",
    "board-all-namespaces": ".Values.board.allNamespaces",
    "cluster-workflow-template": _CLUSTER,
}
"""Components that patch objects → the condition, in the order in which a kustomization lists them."""

ADDS = {"human-approval": ".Values.argo.approval", "sweep-cron-workflow": ".Values.argo.sweepCronWorkflow"}
"""Components that add objects for Argo → the condition."""


def with_components(document: Json) -> Json:
    """Return an object with what all components change in it."""
    for component, condition in SWITCHES.items():
        for target, operations in patches(component):
            if _is_target(document, **target):
                document = patched(document, operations, _condition(condition, operations, target))
    for old, value in (("slack", "format"), ("canary-steps-webhook", "secret")):
        if document["metadata"]["name"] == "canary-finish":
            document = cast("Json", replaced(document, old, Expression(f".Values.argo.notifications.{value}")))
    return document


def condition_of(document: Json) -> str:
    """Return the condition under which an object exists besides those of its engine, "" if there is none."""
    kind, name = document["kind"], document["metadata"]["name"]
    if (kind, name) in deleted("named-roles"):
        return ".Values.rbac.namespaceWide"
    if kind == "WorkflowTemplate" and name in {"canary-steps", "canary-finish"}:
        return 'ne .Values.argo.clusterTemplates "use"'
    return ""


def _condition(condition: str, operations: list[Json], target: dict[str, str]) -> str:
    if operations[0]["path"] == "/kind":
        return _INSTALLS_CLUSTER
    if "labelSelector" in target:  # what another component adds
        return f"and ({condition}) {SWITCHES['notifications']}"
    return condition


def _is_target(document: Json, kind: str, name: str, labelSelector: str = "") -> bool:  # noqa: N803 - kustomize's word
    own = document["kind"]
    kinds = {own.value, own.otherwise} if isinstance(own, When) else {own}
    key = labelSelector.partition("=")[0]
    is_labelled = not key or key in document["metadata"]["labels"]
    return kind in kinds and is_labelled and bool(re.fullmatch(name, document["metadata"]["name"]))
