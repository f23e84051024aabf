"""A rollout whose process was killed, as a node's end does it, is run again with the same run: it goes on or ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_kills import PROMOTED, RESTORED
from tests.support.fake_cluster import Killed
from tests.support.in_process_steps import FixedEvidence, KillPoint, SteppedCluster

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with shop:2 to release."""
    return SteppedCluster(tmp_path)


def seen(world: SteppedCluster) -> dict[str, object]:
    """Return what the run left, without what both ends have alike."""
    summary = world.summary()
    return {name: summary[name] for name in RESTORED}


def test_a_good_release_is_promoted_wherever_it_was_killed(world: SteppedCluster) -> None:
    """Never walked down, never rolled back, and the claim comes off in every case."""
    counted, kept = world.process(), world.keep()
    assert "promoted" == counted.rollout().results["outcome"]
    for number in range(1, counted.fate.writes + 1):
        world.put_back(kept)
        with pytest.raises(Killed):
            world.process(KillPoint(number, "after")).rollout()
        end = world.process().rollout()
        assert 0 == end.exit_code, (number, end)
        assert PROMOTED == seen(world), number


@pytest.mark.parametrize(("ratio", "exit_code"), [(1.0, 5), (None, 6)])
def test_a_bad_release_is_rolled_back_wherever_it_was_killed(
    world: SteppedCluster, ratio: float | None, exit_code: int
) -> None:
    """With the same exit code, unless the kill came after the claim's end: then it is a release of its own."""
    counted, kept = world.process(), world.keep()
    given: dict[str, Any] = {"timeout_seconds": 0.01, "poll_seconds": 0.02}
    assert exit_code == counted.rollout(FixedEvidence(ratio), **given).exit_code
    for number in range(1, counted.fate.writes + 1):
        world.put_back(kept)
        with pytest.raises(Killed):
            world.process(KillPoint(number, "after")).rollout(FixedEvidence(ratio), **given)
        end = world.process().rollout(FixedEvidence(ratio), **given)
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
        world.process().rollout(FixedEvidence(0.0, die))
    assert {(40, 60)} == world.weights()
    reader = FixedEvidence(0.0)
    assert (0, 1) == (world.process().rollout(reader).exit_code, reader.looks)
