"""A cluster for init's tests, and what was printed by kind and name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.shape_cluster import ShapeCluster

Made = Callable[..., ShapeCluster]


@pytest.fixture
def cluster_of(tmp_path: Path) -> Made:
    """Return a function that makes a cluster of objects."""

    def made(*objects: dict[str, Any]) -> ShapeCluster:
        return ShapeCluster(tmp_path, *objects)

    return made
