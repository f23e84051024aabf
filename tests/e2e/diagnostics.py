"""What happened in a namespace, for the report of a failed test."""

from __future__ import annotations

import json

from tests.e2e.kubectl import kubectl
from tests.lab.cluster import argo
from tests.lab.cluster.api import ApiError
from tests.lab.cluster.lab import ClusterLab
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE

_LINES = 40


def report_sections(lab: ClusterLab) -> list[tuple[str, str]]:
    """Return titles and texts; a part that cannot be read is left out, since the failure itself matters more."""
    told = [("workflows", _workflows(lab)), ("pods", _try(lab, "get", "pods", "-o", "wide"))]
    pods = _try(lab, "get", "pods", "-l", "workflows.argoproj.io/workflow", "-o", "name").split()
    told += [(f"log of {pod}", "\n".join(_try(lab, "logs", pod, "-c", "main").splitlines()[-_LINES:])) for pod in pods]
    try:
        found = lab.api.items(VIRTUAL_SERVICE.api_version, VIRTUAL_SERVICE.kind, lab.namespace)
    except ApiError as error:
        found = [{"metadata": {"annotations": str(error)}, "spec": {"http": []}}]
    for item in found:
        text = json.dumps([item["metadata"].get("annotations"), item["spec"]["http"]], indent=1)
        told.append(("VirtualService", text))
    return told


def _workflows(lab: ClusterLab) -> str:
    names = argo.command("list", "-n", lab.namespace, "-o", "name", kubeconfig=lab.kubeconfig).stdout.split()
    said = [argo.command("get", "-n", lab.namespace, name, "--no-color", kubeconfig=lab.kubeconfig) for name in names]
    return "\n".join(one.stdout for one in said)


def _try(lab: ClusterLab, *arguments: str) -> str:
    try:
        return kubectl(lab, *arguments)
    except AssertionError as error:
        return str(error)
