"""The objects of the bundle: all Tasks, and all Pipelines, which take their Tasks from the bundle itself."""

from pathlib import Path
from typing import Any

import yaml

from tools.charts.settings import VERSION

TEKTON = Path(__file__).parents[2] / "tekton"
DEFAULT_REFERENCE = f"ghcr.io/canary-steps/canary-steps-tekton:{VERSION}"
Json = dict[str, Any]


def bundled_objects(reference: str) -> list[Json]:
    """Return the objects, Tasks first.

    Args:
        reference: the bundle's own name with its tag; its Pipelines find their Tasks there, so that nothing but
            accounts, roles and the sweep has to be installed.
    """
    tasks = [_load(path) for path in sorted(TEKTON.glob("task/*/*.yaml"))]
    pipelines = [_load(path) for path in sorted(TEKTON.glob("pipeline/canary-*.yaml"))]
    return [*tasks, *(_from_bundle(one, reference) for one in pipelines)]


def _from_bundle(pipeline: Json, reference: str) -> Json:
    spec = pipeline["spec"]
    for task in (*spec["tasks"], *spec.get("finally", [])):
        chosen = {"bundle": reference, "name": task["taskRef"]["name"], "kind": "task"}
        params = [{"name": name, "value": value} for name, value in chosen.items()]
        task["taskRef"] = {"resolver": "bundles", "params": params}
    return pipeline


def _load(path: Path) -> Json:
    found: Json = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return found
