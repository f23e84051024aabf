"""A namespace of the cluster lab with everything that tekton/ ships."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.e2e.tekton import installation
from tests.e2e.tekton.releases import Release
from tests.e2e.tekton.stopped_runs import CORE, begin
from tests.lab.cluster import tekton
from tests.lab.cluster.lab import ClusterLab


@pytest.fixture(scope="session")
def lab(images: None) -> Iterator[ClusterLab]:
    """Return the namespace; Tekton's controller and webhook run, and the shipped objects passed the webhook."""
    with ClusterLab(f"tekton-{random.randrange(10**8)}") as lab:
        if lab.is_own:
            tekton.up(lab.api)
        installation.install(lab)
        yield lab


@pytest.fixture(scope="session")
def core(lab: ClusterLab) -> dict[str, Release]:
    """Return the runs of CORE, by their apps."""
    return begin(lab, CORE)
