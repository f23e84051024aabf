"""An app with a chart, in a namespace of its own, for either version of Helm."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.helm.chart import HelmApp, app_chart, quick
from tests.lab.cluster.lab import ClusterLab


@pytest.fixture
def lab(images: None) -> Iterator[ClusterLab]:
    """Return an empty namespace: everything in it comes from the app's chart."""
    with ClusterLab(f"e2e-helm-{random.randrange(10**8)}") as lab:
        yield lab


@pytest.fixture
def helm(request: pytest.FixtureRequest) -> str:
    """Return the program: the test's parameter."""
    return str(request.param)


@pytest.fixture
def app(lab: ClusterLab, helm: str, tmp_path: Path) -> HelmApp:
    """Return an app that is not installed yet."""
    return HelmApp(lab, helm, app_chart(tmp_path), {"canary": {**quick(lab), "app": "shop"}})
