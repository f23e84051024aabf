"""A killed rollout is run again with the same run id: it continues, or ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.release_ends import PROMOTED, RESTORED
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with shop:2 to release."""
    return SteppedCluster(tmp_path)


def seen(world: SteppedCluster) -> dict[str, object]:
    """Return what the run left, without the parts that both outcomes share."""
    summary = world.summary()
    return {name: summary[name] for name in RESTORED}


def test_a_good_release_is_promoted_wherever_it_was_killed(world: SteppedCluster) -> None:
    """The weight never falls, nothing is rolled back, and the claim is released in every case."""
    counted, kept = StepProcess(world), world.keep()
    assert "promoted" == counted.rollout().results["outcome"]
    for number in range(1, counted.kill_point.writes + 1):
        world.put_back(kept)
        with pytest.raises(Killed):
            StepProcess(world, KillPoint(number, "after")).rollout()
        end = StepProcess(world).rollout()
        assert 0 == end.exit_code, (number, end)
        assert PROMOTED == seen(world), number


@pytest.mark.parametrize(("ratio", "exit_code"), [(1.0, 5), (None, 6)])
def test_a_bad_release_is_rolled_back_wherever_it_was_killed(
    world: SteppedCluster, ratio: float | None, exit_code: int
) -> None:
    """With the same exit code, unless the kill came after the claim was released: then it is a new release."""
    counted, kept = StepProcess(world), world.keep()
    given: dict[str, Any] = {"timeout_seconds": 0.01, "poll_seconds": 0.02}
    assert exit_code == counted.rollout(FixedEvidence(ratio), **given).exit_code
    for number in range(1, counted.kill_point.writes + 1):
        world.put_back(kept)
        with pytest.raises(Killed):
            StepProcess(world, KillPoint(number, "after")).rollout(FixedEvidence(ratio), **given)
        end = StepProcess(world).rollout(FixedEvidence(ratio), **given)
        assert (exit_code, "rolled-back") == (end.exit_code, end.results["outcome"]), (number, end)
        assert RESTORED == seen(world), number


def test_a_rollout_that_goes_on_says_from_where(world: SteppedCluster) -> None:
    """The lower rungs passed before the kill."""
    looks: list[int] = []

    def die(_: int) -> None:
        looks.append(1)
        if len(looks) > 1:
            raise Killed

    with pytest.raises(Killed):
        StepProcess(world).rollout(FixedEvidence(0.0, die))
    assert {(40, 60)} == world.weights()
    reader = FixedEvidence(0.0)
    assert (0, 1) == (StepProcess(world).rollout(reader).exit_code, reader.reads)
