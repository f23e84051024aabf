"""The kustomizations that the chart is written from: their files in order, and the patches of components."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.charts.conditions import Json

ROOT = Path(__file__).parents[2]
COMPONENTS = ROOT / "workflows" / "components"


@dataclass(frozen=True)
class Source:
    """A file of YAML that a kustomization names."""

    path: Path
    documents: tuple[Json, ...]

    @property
    def name(self) -> str:
        """Its path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()


def source(path: Path) -> Source:
    """Return a file with its documents."""
    return Source(path, tuple(one for one in yaml.load_all(path.read_text(encoding="utf-8"), yaml.CSafeLoader) if one))


def sources(folder: Path) -> Iterator[Source]:
    """Yield the files that a kustomization names, those of nested kustomizations too."""
    for name in _kustomization(folder)["resources"]:
        path = (folder / name).resolve()
        if path.is_dir():
            yield from sources(path)
        else:
            yield source(path)


def patches(component: str) -> Iterator[tuple[dict[str, str], list[Json]]]:
    """Yield target and JSON Patch operations of each patch of a component."""
    for one in _kustomization(COMPONENTS / component).get("patches", []):
        yield one["target"], yaml.load(one["patch"], yaml.CSafeLoader)


def deleted(component: str) -> list[tuple[str, str]]:
    """Return kind and name of the objects that a component removes."""
    found = [yaml.safe_load(one["patch"]) for one in _kustomization(COMPONENTS / component)["patches"]]
    return [(one["kind"], one["metadata"]["name"]) for one in found if one["$patch"] == "delete"]


@cache
def _kustomization(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    return found
