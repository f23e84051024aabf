"""A fake cluster in which `shop` runs two pods of shop:1 and the Service of its canary exists."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[FakeCluster]:
    """Return the cluster, ready."""
    with FakeCluster(tmp_path) as made:
        made.push("shop:1", "1" * 64)
        made.push("shop:2", "2" * 64)
        made.deploy("shop", "shop:1")
        made.serve("shop-canary")
        yield made


@pytest.fixture
def workload(cluster: FakeCluster) -> Workload:
    """Return the `Workload` of one process."""
    return cluster.connect()[0]
