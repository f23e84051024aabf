"""The real Helm 3 and Helm 4, built by the cluster lab's table; no cluster is needed."""

from __future__ import annotations

import os

import pytest

from tests.contract.charts.rendered import Helm
from tests.lab.cluster.build import binary, build


def built(name: str) -> None:
    """Build a version of Helm for `make e2e`; `make test`, which must not take minutes for that, uses what is there."""
    if os.environ.get("CANARY_TEST_KUBECONFIG"):
        build((name,))
    elif not binary(name).exists():
        pytest.skip(f"{name} is not built yet, which takes minutes: make e2e does it and runs this")


@pytest.fixture(scope="session", params=[pytest.param("helm3", marks=pytest.mark.full), "helm4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Return each version of Helm in turn; `make test` asks only the newer one, `make e2e` both."""
    built(request.param)
    return Helm(binary(request.param))


@pytest.fixture(params=[pytest.param("helm3", marks=pytest.mark.full), "helm4"])
def program(request: pytest.FixtureRequest) -> str:
    """Return the name of each version of Helm, as `helm` does."""
    name: str = request.param
    built(name)
    return name
