"""A hotfix that is killed at any write: users are on a ready version, and the same command ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from steps.errors import StepError
from tests.integration.test_kills import TWO
from tests.support.hotfixes import HOTFIX, broken, left
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint, Moment
from tests.support.killed_process import Killed
from tests.support.release_ends import PROMOTED, RESTORED
from tests.support.shop_release import APP
from tests.support.stable_evidence import StableEvidence
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration


def kill_points(folder: Path, services: tuple[str, ...]) -> int:
    """Return how many writes a hotfix makes."""
    point = KillPoint()
    world = broken(folder, services)
    StepProcess(world, point).rollout(world.evidence, "hot", **HOTFIX)
    return point.writes


def killed_at(folder: Path, services: tuple[str, ...], write: int, moment: Moment) -> SteppedCluster:
    """Return the world after a hotfix was killed at one of its writes."""
    world = broken(folder, services)
    with suppress(Killed):
        StepProcess(world, KillPoint(write, moment)).rollout(world.evidence, "hot", **HOTFIX)
    return world


def folders(root: Path) -> Iterator[Path]:
    """Yield new folders."""
    for number in range(10_000):
        (made := root / str(number)).mkdir()
        yield made


@pytest.mark.parametrize(
    ("services", "apart"),
    [((APP,), 3), pytest.param((APP,), 1, marks=pytest.mark.full), pytest.param(TWO, 1, marks=pytest.mark.full)],
)
def test_after_a_kill_a_sweep_leaves_users_on_a_ready_version(
    tmp_path: Path, services: tuple[str, ...], apart: int
) -> None:
    """At any write: back on stable, or promoted where only the end was missing."""
    new = folders(tmp_path)
    for write in range(1, kill_points(next(new), services) + 1, apart):
        world = killed_at(next(new), services, write, "after")
        world.store.clock_offset_seconds += 1000
        StepProcess(world).sweep()
        assert left(world) in (RESTORED, PROMOTED), write


@pytest.mark.parametrize("apart", [4, pytest.param(1, marks=pytest.mark.full)])
def test_after_a_kill_the_same_command_ends_the_hotfix(tmp_path: Path, apart: int) -> None:
    """With the same run: it is not asked again whether stable is broken, as it may have no requests by now."""
    new = folders(tmp_path)
    for write in range(1, kill_points(next(new), (APP,)) + 1, apart):
        world = killed_at(next(new), (APP,), write, "after")
        world.evidence = StableEvidence(0.0) if world.annotation(f"canary-steps.io/claim.{APP}") else world.evidence
        with suppress(StepError):
            StepProcess(world).rollout(world.evidence, "hot", **HOTFIX)
        world.store.clock_offset_seconds += 1000
        StepProcess(world).sweep()
        assert PROMOTED == left(world), write
