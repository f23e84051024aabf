"""The cluster lab for tests: used if it runs or another cluster is named; tests never start it by themselves."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.lab.cluster import daemons
from tests.lab.cluster.lab import ClusterLab


@pytest.fixture(scope="session")
def lab() -> Iterator[ClusterLab]:
    """Return a namespace of the cluster in which the app `shop` serves and `shop-canary` is up at weight 0."""
    if not os.environ.get("CANARY_TEST_KUBECONFIG") and not daemons.is_running("kube-apiserver"):
        pytest.skip("no cluster runs; `make cluster` starts one")
    # The gateway keeps the counters of old namespaces.
    with ClusterLab(f"lab-{random.randrange(10**6)}") as lab:
        # Images of its own: if a tag moves during another release, the promote of that release is refused.
        lab.registry.push("lab/shop:v1")
        lab.registry.push("lab/shop:v2", error_ratio=0.5)
        lab.deploy_app(image="lab/shop:v1")
        lab.deploy_canary(image="lab/shop:v2")
        lab.wait_until_rolled_out("shop-canary")
        yield lab
