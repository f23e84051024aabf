"""A fake cluster in which `shop` serves two pods of shop:1 and the Service of its canary exists."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from steps.workload.workload import Workload
from tests.unit.workload.paper import PaperCluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[PaperCluster]:
    """Return the cluster, ready."""
    with PaperCluster(tmp_path) as made:
        made.push("shop:1", "1" * 64)
        made.push("shop:2", "2" * 64)
        made.deploy("shop", "shop:1")
        made.serve("shop-canary")
        yield made


@pytest.fixture
def workload(cluster: PaperCluster) -> Workload:
    """Return the `Workload` of one process."""
    return cluster.connect()[0]
