"""Parts of the cluster that are away for a while: of the lab's own one, since another is not ours to hurt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.cluster import cluster, daemons
from tests.lab.cluster.lab import ClusterLab


@contextmanager
def without(lab: ClusterLab, part: str) -> Iterator[None]:
    """Kill a part as a crash would, and have it back afterwards, whatever happened."""
    if not lab.is_own:
        pytest.skip(f"{part} of another cluster is not killed")
    daemons.kill(part)
    try:
        yield
    finally:
        cluster.up()
