"""What Helm and kustomize render, as objects by kind and name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
Objects = dict[tuple[str, str], Json]
ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts" / "canary-steps"


@dataclass(frozen=True)
class Helm:
    """One version of Helm."""

    program: Path

    def run(self, *words: str, values: Json | None = None) -> subprocess.CompletedProcess[str]:
        """Run a sub-command with values, which Helm gets as JSON from stdin."""
        given = () if values is None else ("--values", "-")
        return subprocess.run(
            (str(self.program), *words, *given),
            input=json.dumps(values or {}),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def render(self, values: Json, namespace: str = "shop") -> Objects:
        """Return what `helm template` prints for the chart."""
        done = self.run("template", "canary-steps", str(CHART), "--namespace", namespace, values=values)
        assert done.returncode == 0, done.stderr
        return objects(done.stdout)

    def refusal(self, values: Json) -> str:
        """Return what `helm lint` says about values that it refuses."""
        done = self.run("lint", "--strict", str(CHART), values=values)
        assert done.returncode == 1, done.stdout
        return done.stdout + done.stderr


def objects(text: str) -> Objects:
    """Return objects by kind and name; a name may occur once."""
    items = [one for one in yaml.load_all(text, yaml.CSafeLoader) if one]
    found = {(one["kind"], one["metadata"]["name"]): one for one in items}
    assert len(items) == len(found)
    return found


@cache
def kustomized(folder: Path) -> Objects:
    """Return what `kubectl kustomize` prints."""
    program = Path(sys.executable).with_name("kubectl")
    done = subprocess.run((str(program), "kustomize", str(folder)), check=True, capture_output=True, text=True)
    return objects(done.stdout)


def composed(folder: Path, *components: str) -> Objects:
    """Return what `kubectl kustomize` prints for the base of Argo with components."""
    root = os.path.relpath(ROOT / "workflows", folder.resolve())
    text = f"resources:\n- {root}/base\ncomponents:\n" + "".join(f"- {root}/components/{one}\n" for one in components)
    (folder / "kustomization.yaml").write_text(text, encoding="utf-8")
    return kustomized(folder)
