"""The shipped YAML, as a user applies it."""

from __future__ import annotations

import yaml

from tests.e2e.kubectl import kubectl
from tests.e2e.setup import PRODUCT, SHIPPED
from tests.lab.cluster.api import Json, documents
from tests.lab.cluster.lab import ClusterLab
from tests.support.processes import ROOT

TEKTON = ROOT / "tekton"


def install(lab: ClusterLab) -> None:
    """Run `kubectl apply --server-side -k tekton`; its CronJob is suspended, since tests run sweep themselves."""
    printed = kubectl(lab, "kustomize", str(TEKTON)).replace(SHIPPED, PRODUCT)
    items = [one for one in yaml.safe_load_all(printed) if one]
    for one in items:
        if one["kind"] == "CronJob":
            one["spec"]["suspend"] = True
    lab.api.apply(items, lab.namespace)


def run(name: str) -> Json:
    """Return a PipelineRun of the folder run."""
    (found,) = documents(TEKTON / "run" / f"{name}.yaml")
    return found
