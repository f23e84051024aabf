"""Controllers that see a change only after a while, as in every cluster: a status of before misleads no step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from steps.step import StepEnd
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.shop_release import APP
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

EXPIRED_SECONDS = 700.0


class LazyCluster(SteppedCluster):
    """A cluster whose controllers act once in several requests, so a status is older than what was written.

    Attributes:
        requests_per_tick: how many requests come before the controllers act (>= 1).
    """

    requests_per_tick = 1
    _waited = 0

    def move(self) -> None:
        """Let the controllers act if it is their turn."""
        self._waited += 1
        if self._waited >= self.requests_per_tick:
            self._waited = 0
            super().move()


def promoting(folder: Path, *, rolled_out: bool) -> LazyCluster:
    """Return an app whose promote was killed after it wrote the template."""
    world = LazyCluster(folder)
    StepProcess(world).prepare()
    StepProcess(world).analyze(60)
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(4, "after")).promote()
    assert "shop:2" == world.image(APP)
    if rolled_out:
        world.settle(APP)
    return world


def sweep(world: SteppedCluster) -> StepEnd:
    """Sweep the run after its claim expired."""
    world.wait(EXPIRED_SECONDS)
    return StepProcess(world).sweep()


@pytest.mark.parametrize("back", [lambda world: StepProcess(world).rollback(), sweep], ids=["rollback", "sweep"])
@pytest.mark.parametrize("requests_per_tick", [1, 6, 9, 12])
def test_a_promotion_that_is_over_is_not_taken_back(
    tmp_path: Path, back: Callable[[SteppedCluster], StepEnd], requests_per_tick: int
) -> None:
    """The way back writes its token to stable first, and the status of stable is about the time before that."""
    world = promoting(tmp_path, rolled_out=True)
    world.requests_per_tick = requests_per_tick
    assert 0 == back(world).exit_code
    assert ("promoted", "shop:2", {(100, 0)}) == (world.outcome(), world.image(APP), world.weights())


def test_a_promotion_that_is_not_over_is_taken_back(tmp_path: Path) -> None:
    """Else the test above could not fail."""
    world = promoting(tmp_path, rolled_out=False)
    world.faulty["shop:2"] = "never-ready"
    assert 0 == StepProcess(world).rollback().exit_code
    assert ("rolled-back", "shop:1", {(100, 0)}) == (world.outcome(), world.image(APP), world.weights())
