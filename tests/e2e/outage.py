"""Outages of parts of the cluster; only in the lab's own cluster, since other clusters are not ours to break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.cluster import cluster, daemons
from tests.lab.cluster.lab import ClusterLab


@contextmanager
def without(lab: ClusterLab, part: str) -> Iterator[None]:
    """Kill a part as a crash would, and start it again afterwards in any case."""
    if not lab.is_own:
        pytest.skip(f"{part} of another cluster is not killed")
    daemons.kill(part)
    try:
        yield
    finally:
        cluster.up()
