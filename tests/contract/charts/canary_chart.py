"""Charts rendered by the real Helm, without a cluster."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.lab.cluster.build import binary
from tests.support.documents import yaml_objects
from tests.support.processes import ROOT

Json = dict[str, Any]
CHART = ROOT / "charts" / "canary"


def helm(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Helm to its end."""
    command = [str(binary(program)), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def template(program: str, values: Json, folder: Path, chart: Path = CHART) -> subprocess.CompletedProcess[str]:
    """Render a chart with values."""
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return helm(program, "template", "rel", str(chart), "--namespace", "shop", "--values", str(file))


def rendered(program: str, values: Json, folder: Path, chart: Path = CHART) -> dict[tuple[str, str], Json]:
    """Return the objects of a chart by kind and name; each may occur only once."""
    done = template(program, values, folder, chart)
    assert 0 == done.returncode, done.stderr
    found = yaml_objects(done.stdout)
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(found) == len(by_name)
    return by_name


def refused(program: str, values: Json, folder: Path, chart: Path = CHART) -> str:
    """Return the words with which a chart with these values is refused."""
    done = template(program, values, folder, chart)
    assert 0 != done.returncode, done.stdout
    return done.stderr


def chart_with_two(folder: Path, *aliases: str) -> Path:
    """Write a chart that takes the dependency once for each alias."""
    chart = folder / "parent"
    shutil.copytree(CHART, chart / "charts" / "canary")
    needs = [{"name": "canary", "alias": alias, "version": "0.1.0", "repository": ""} for alias in aliases]
    about = {"apiVersion": "v2", "name": "parent", "version": "1.0.0", "dependencies": needs}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    return chart
