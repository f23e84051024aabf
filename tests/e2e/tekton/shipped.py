"""The shipped YAML as `kubectl apply -k tekton` would create it, with the lab's image for its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.lab.cluster.api import Json, documents
from tests.lab.embedded.processes import ROOT

TEKTON = ROOT / "tekton"
RELEASED = "ghcr.io/canary-steps/canary-steps:0.1.0"


def objects(image: str) -> Iterator[Json]:
    """Return what the kustomization lists, nested ones included; the sweep sleeps, since tests call it by hand."""
    for one in _listed(TEKTON):
        found: Json = json.loads(json.dumps(one).replace(RELEASED, image))
        if found["kind"] == "CronJob":
            found["spec"]["suspend"] = True
        yield found


def _listed(folder: Path) -> Iterator[Json]:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    for entry in kustomization["resources"]:
        path = (folder / entry).resolve()
        yield from _listed(path) if path.is_dir() else documents(path)


def run(name: str) -> Json:
    """Return a PipelineRun of the folder run."""
    (found,) = documents(TEKTON / "run" / f"{name}.yaml")
    return found
