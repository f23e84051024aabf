"""The real Helm 3 and Helm 4, built by the cluster lab's table; no cluster is needed."""

from __future__ import annotations

import pytest

from tests.contract.charts.rendered import Helm
from tests.lab.cluster.build import binary, build


@pytest.fixture(scope="session", params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Return each version of Helm in turn."""
    build((request.param,))
    return Helm(binary(request.param))
