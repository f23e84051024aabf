"""A control node for each test."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ansible.playbook import ControlNode
from tests.e2e.setup import PRODUCT
from tests.lab.cluster.lab import ClusterLab
from tests.support.grafana_api import GrafanaApi


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
    repository, _, tag = PRODUCT.rpartition(":")
    return {"engines": ["argo"], "image": {"repository": repository, "tag": tag}}
