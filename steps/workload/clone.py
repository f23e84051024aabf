"""The Deployments that prepare makes from stable's: the canary (stable-named topology), the baseline (pure)."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from steps.cluster.api import Object
from steps.cluster.managing_tools import TRACKING_MARKS
from steps.workload.template import Template

MANAGED_BY = "app.kubernetes.io/managed-by"
OURS = "canary-steps"
_NOT_COPIED = (
    *TRACKING_MARKS,
    "keel.sh/",
    "reloader.stakater.com/",
    "configmap.reloader.stakater.com/",
    "secret.reloader.stakater.com/",
    "deployment.kubernetes.io/",
    "canary-steps.io/",
)
"""Beginnings of keys by which tools manage an object; a copy of it is not theirs."""

_TAKEN_FIELDS = ("minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit", "strategy")


@dataclass(frozen=True, slots=True)
class Clone:
    """Where a clone differs from its original: name, pod template and selector."""

    name: str
    template: Template
    selector: Mapping[str, Any]


def clone_manifest(stable: Object, wanted: Clone, annotations: Mapping[str, str]) -> Object:
    """Return the Deployment to create, with no pods yet.

    Labels and annotations are copied, since policies demand them, but for those of managing tools: a GitOps tool would
    prune a canary that carries its marks. A label that the pods carry too has the value of the clone's pods.
    `replicas` is 0, so that a run which lost the claim in the meantime leaves nothing running.
    """
    spec, meta = stable["spec"], stable["metadata"]
    pods = (wanted.template.get("metadata") or {}).get("labels") or {}
    labels = {key: pods.get(key, value) for key, value in _copied(meta.get("labels")).items()}
    return {
        "metadata": {
            "name": wanted.name,
            "namespace": stable["metadata"]["namespace"],
            "labels": {**labels, MANAGED_BY: OURS},
            "annotations": {**_copied(meta.get("annotations")), **annotations},
        },
        "spec": {
            "replicas": 0,
            "selector": deepcopy(dict(wanted.selector)),
            "template": wanted.template,
            **{key: deepcopy(spec[key]) for key in _TAKEN_FIELDS if key in spec},
        },
    }


def _copied(marks: Mapping[str, str] | None) -> dict[str, str]:
    return {key: value for key, value in (marks or {}).items() if not key.startswith(_NOT_COPIED)}


def is_clone(deployment: Object) -> bool:
    """Return whether prepare made this Deployment."""
    labels: dict[str, str] = deployment["metadata"].get("labels") or {}
    return labels.get(MANAGED_BY) == OURS
