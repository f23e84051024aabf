"""A swap that was promoted, or whose old arm stands by, and what is left after an undo of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.actions.teardown import TeardownPolicy
from tests.support.in_process_steps import StepProcess
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import Json
from tests.support.shop_release import APP
from tests.support.swaps import process_on
from tests.support.version_pair import V1, V2, VersionPair

PROMOTED: Json = {"weights": {(0, 100)}, V1: ("shop:1", 0), V2: ("shop:2", 2), "tokens": {""}}
UNDONE: Json = {"weights": {(100, 0)}, V1: ("shop:1", 2), V2: ("shop:0", 0), "tokens": {""}, "outcome": "undone"}


def released(folder: Path, services: tuple[str, ...] = (APP,)) -> VersionPair:
    """Return a pair whose shop-v2 was promoted, and whose shop-v1 was scaled to 0 after its standby."""
    world = VersionPair(folder, services)
    process_on(world).prepare()
    process_on(world).analyze(60)
    assert "promoted" == process_on(world).promote().results["outcome"]
    assert PROMOTED == {name: world.summary()[name] for name in PROMOTED}
    return world


def standing_by(folder: Path, services: tuple[str, ...] = (APP,)) -> VersionPair:
    """Return a pair whose shop-v2 has all users, and whose promote died while shop-v1 stood by."""
    world = VersionPair(folder, services)
    process_on(world).prepare()
    process_on(world).analyze(60)

    def die(_: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        StepProcess(world, ending=TeardownPolicy(5.0, 0.0, die, standby_seconds=300.0)).promote()
    assert ({(0, 100)}, 2) == (world.weights(), world.available(V1))
    return world


def seen(world: VersionPair) -> Json:
    """Return what is left."""
    world.settle(V1)
    world.settle(V2)
    return world.summary()
