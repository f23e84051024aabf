"""The real Helm 3 and Helm 4, built by the cluster lab's table; no cluster is needed."""

from __future__ import annotations

import pytest

from tests.contract.charts.rendered import Helm
from tests.lab.cluster.build import binary, build


@pytest.fixture(scope="session", params=[pytest.param("helm3", marks=pytest.mark.full), "helm4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Return each version of Helm in turn; `make test` asks only the newer one, `make e2e` both."""
    build((request.param,))
    return Helm(binary(request.param))
