"""A control node for each test."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ansible.playbook import ControlNode
from tests.e2e.kubectl import kustomize
from tests.e2e.setup import PRODUCT, SHIPPED
from tests.lab.cluster.lab import ClusterLab
from tests.support.grafana_api import GrafanaApi
from tests.support.processes import ROOT


@pytest.fixture
def node(tmp_path: Path) -> ControlNode:
    """Return a control node without variables of a cluster."""
    return ControlNode(tmp_path)


@pytest.fixture
def grafana() -> Iterator[GrafanaApi]:
    """Return an empty Grafana."""
    with GrafanaApi() as api:
        yield api


@pytest.fixture
def bare_lab(images: None) -> Iterator[ClusterLab]:
    """Return a namespace in which nothing of ours is installed."""
    with ClusterLab(f"ansible-{random.randrange(10**8)}") as lab:
        yield lab


@pytest.fixture
def chart_values() -> dict[str, Any]:
    """Return the values of the chart for the lab."""
    return {}


@pytest.fixture(autouse=True)
def chart(node: ControlNode, tmp_path: Path) -> None:
    """TEMPORARY until charts/canary-steps is there."""
    (tmp_path / "c" / "templates").mkdir(parents=True)
    (tmp_path / "c" / "Chart.yaml").write_text("apiVersion: v2\nname: canary-steps\nversion: 0.1.0\n", "utf-8")
    text = kustomize(ROOT / "workflows" / "base").replace(SHIPPED, PRODUCT)
    (tmp_path / "c" / "files").mkdir()
    (tmp_path / "c" / "files" / "all.yaml").write_text(text)
    (tmp_path / "c" / "templates" / "all.yaml").write_text('{{ .Files.Get "files/all.yaml" }}')
    node.variables["canary_chart"] = str(tmp_path / "c")
