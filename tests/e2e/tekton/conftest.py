"""A namespace of the cluster lab with everything that tekton/ ships."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.e2e.tekton import shipped
from tests.e2e.tekton.endings import CORE, begin
from tests.e2e.tekton.releases import BAD, GOOD, STABLE, Release
from tests.lab.cluster import daemons, images, tekton
from tests.lab.cluster.lab import ClusterLab

_PRODUCT = "canary-steps:tekton"
"""A name of its own, so that a lab used from several checkouts does not change the image under a running test."""


@pytest.fixture(scope="session")
def lab() -> Iterator[ClusterLab]:
    """Return the namespace; Tekton's controller and webhook run, and the shipped objects passed the webhook."""
    if not os.environ.get("CANARY_TEST_KUBECONFIG") and not daemons.is_running("kube-apiserver"):
        pytest.skip("no cluster runs; `make cluster` starts one")
    with ClusterLab(f"tekton-{random.randrange(10**6)}") as lab:
        if lab.is_own:
            tekton.up(lab.api)
        image = f"docker.io/library/{lab.registry.give(images.product(_PRODUCT))}" if lab.is_own else _given(lab)
        lab.api.apply(shipped.objects(image), lab.namespace)
        for reference, ratio in ((STABLE, 0.0), (GOOD, 0.0), (BAD, 1.0)):
            lab.registry.push(reference, error_ratio=ratio)
        yield lab


@pytest.fixture(scope="session")
def core(lab: ClusterLab) -> dict[str, Release]:
    """Return the runs of CORE, by their apps."""
    return begin(lab, CORE)


def _given(lab: ClusterLab) -> str:
    return lab.registry.push_product()
