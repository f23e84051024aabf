"""Flagger's Canaries for tests: those of tests/flagger, and small ones with a field or two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steps.flagger.account import Line
from steps.flagger.conversion import Converted, converted
from tests.support.documents import yaml_objects

Json = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "flagger"
FILES = sorted(FOLDER.glob("*.yaml"))


def canary(analysis: Json | None = None, service: Json | None = None, **spec: object) -> Json:
    """Return a Canary for Deployment shop; a field that is None is left out."""
    own = {"interval": "1m", "stepWeights": [5, 50], **(analysis or {})}
    body = {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        "service": {"port": 80, **(service or {})},
        "analysis": {name: value for name, value in own.items() if value is not None},
        **spec,
    }
    metadata = {"name": "shop", "namespace": "demo"}
    return {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": metadata, "spec": body}


def template(query: str, name: str = "asked", **provider: object) -> Json:
    """Return a MetricTemplate."""
    spec = {"provider": {"type": "prometheus", "address": "http://prom:9090", **provider}, "query": query}
    return {"apiVersion": "flagger.app/v1beta1", "kind": "MetricTemplate", "metadata": {"name": name}, "spec": spec}


def read(*documents: Json, app: str = "") -> Converted:
    """Convert documents."""
    return converted(documents, app, "reading a test's manifest")


def read_file(file: Path) -> Converted:
    """Convert a file."""
    return converted(yaml_objects(file.read_text(encoding="utf-8")), "", f"reading {file.name}")


def line(found: Converted, path: str) -> Line:
    """Return the one line of the account about a field."""
    [only] = [one for one in found.account if one.path == path]
    return only


def fate(found: Converted, path: str) -> str:
    """Return what became of a field."""
    return str(line(found, path).fate)
