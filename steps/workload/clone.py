"""The Deployments that prepare makes from stable's: the canary (stable-named topology), the baseline (pure)."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from steps.cluster.api import Object
from steps.workload.template import Template

MANAGED_BY = "app.kubernetes.io/managed-by"
OURS = "canary-steps"
_TAKEN_FIELDS = ("minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit", "strategy")


@dataclass(frozen=True, slots=True)
class Clone:
    """Where a clone differs from its original: name, pod template and selector."""

    name: str
    template: Template
    selector: Mapping[str, Any]


def clone_manifest(stable: Object, wanted: Clone, annotations: Mapping[str, str]) -> Object:
    """Return the Deployment to create, with no pods yet.

    No metadata of the original is copied: a GitOps tool would prune a canary with its labels or annotations.
    `replicas` is 0, so that a run which lost the claim in the meantime leaves nothing running.
    """
    spec = stable["spec"]
    return {
        "metadata": {
            "name": wanted.name,
            "namespace": stable["metadata"]["namespace"],
            "labels": {MANAGED_BY: OURS},
            "annotations": dict(annotations),
        },
        "spec": {
            "replicas": 0,
            "selector": deepcopy(dict(wanted.selector)),
            "template": wanted.template,
            **{key: deepcopy(spec[key]) for key in _TAKEN_FIELDS if key in spec},
        },
    }


def is_clone(deployment: Object) -> bool:
    """Return whether prepare made this Deployment."""
    labels: dict[str, str] = deployment["metadata"].get("labels") or {}
    return labels.get(MANAGED_BY) == OURS
