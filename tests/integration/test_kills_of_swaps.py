"""After a kill between any two writes of a swap, users are on a ready arm, and the next step ends the run.

Which arm it is depends on how far the run was: before all users were on the new arm they return to the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint, Moment
from tests.support.killed_process import Killed
from tests.support.shop_release import APP
from tests.support.swaps import process_on
from tests.support.version_pair import V1, V2, VersionPair

pytestmark = pytest.mark.integration

StepCall = Callable[[StepProcess], StepEnd]
ROLLED_BACK = {"weights": {(100, 0)}, V1: ("shop:1", 2), V2: ("shop:0", 0), "tokens": {""}}
PROMOTED = {"weights": {(0, 100)}, V1: ("shop:1", 0), V2: ("shop:2", 2), "tokens": {""}}


def prepare(process: StepProcess) -> StepEnd:
    """Make the canary ready."""
    return process.prepare()


def passed(process: StepProcess) -> StepEnd:
    """Judge a canary that is as good as stable."""
    return process.analyze(60)


def failed(process: StepProcess) -> StepEnd:
    """Judge a canary that fails everything."""
    return process.analyze(60, FixedEvidence(1.0))


def promote(process: StepProcess) -> StepEnd:
    """Bring all users to the new arm."""
    return process.promote()


def rollback(process: StepProcess) -> StepEnd:
    """Return all users to the old arm."""
    return process.rollback()


def promote_halfway(process: StepProcess) -> StepEnd:
    """Die before the weight reaches 100."""
    process.kill_point.at_write, process.kill_point.moment = 3, "after"
    with suppress(Killed):
        return process.promote()
    return StepEnd({})


@dataclass(frozen=True)
class SwapCase:
    """The steps that ran before, the step that is killed, and the pair it acts on."""

    before: tuple[StepCall, ...]
    act: StepCall
    services: tuple[str, ...] = (APP,)
    other_route: str = ""
    baseline: bool = False

    def world(self, folder: Path) -> VersionPair:
        """Return a new pair for it."""
        made = VersionPair(folder, self.services, baseline=self.baseline)
        if self.other_route:
            made.change(self.other_route, replicas=2)
            made.settle(self.other_route)
            made.add_route(self.other_route)
        return made

    def expected(self, outcome: str) -> dict[str, object]:
        """Return what is left at the end; the arm that another route leads to keeps its pods."""
        left: dict[str, object] = dict({"rolled-back": ROLLED_BACK, "promoted": PROMOTED}[outcome])
        if self.other_route == V2 and outcome == "rolled-back":
            left[V2] = ("shop:0", 2)
        if self.other_route == V1 and outcome == "promoted":
            left[V1] = ("shop:1", 2)
        return left


TWO = (APP, f"{APP}-inner")
CASES = {
    "prepare": SwapCase((), prepare),
    "analyze": SwapCase((prepare,), failed),
    "promote": SwapCase((prepare, passed), promote),
    "promote-two": SwapCase((prepare, passed), promote, TWO),
    "rollback": SwapCase((prepare, passed), rollback),
    "rollback-of-promote": SwapCase((prepare, passed, promote_halfway), rollback),
    "prepare-with-testers": SwapCase((), prepare, other_route=V2),
    "rollback-with-testers": SwapCase((prepare, passed), rollback, other_route=V2),
    "promote-with-others": SwapCase((prepare, passed), promote, other_route=V1),
}


def params(*without: str) -> list[object]:
    """Return the cases; preparations and rollbacks beside other routes belong to the full run."""
    rare = {"prepare-with-testers", "rollback-with-testers"}
    return [
        pytest.param(name, marks=[pytest.mark.full] if name in rare else []) for name in CASES if name not in without
    ]


class KilledSwap:
    """A case that is killed once at each write; the cluster can be put back to each kill, for all tests."""

    def __init__(self, case: SwapCase, folder: Path) -> None:
        self.case, self.world = case, case.world(folder)
        for act in case.before:
            act(process_on(self.world))
        self._kept = self.world.keep()
        self._kills: dict[tuple[int, Moment], tuple[Any, str]] = {}
        process = process_on(self.world)
        case.act(process)
        self.writes = process.kill_point.writes
        self.end = self.world.summary()

    def kills(self, *, late: bool = False) -> Iterator[str]:
        """Kill the step at every write; yield a description after each kill. `late`: as late as possible."""
        assert self.writes > 1
        yield self.kill(1, "before")
        for number in range(1, self.writes + (not late)):
            yield self.kill(number + 1, "before") if late else self.kill(number, "after")

    def kill(self, number: int, moment: Moment) -> str:
        """Put the cluster back to where the step was killed at one write; kill it if it has not been killed there."""
        if (number, moment) not in self._kills:
            self._kills[number, moment] = self._killed(number, moment)
        kept, where = self._kills[number, moment]
        self.world.put_back(kept)
        return where

    def _killed(self, number: int, moment: Moment) -> tuple[Any, str]:
        self.world.put_back(self._kept)
        with pytest.raises(Killed):
            self.case.act(process_on(self.world, KillPoint(number, moment)))
        call = self.world.api.faults.writes()[-1]
        assert_users_are_served(self.world, call)
        where = f"killed {moment} write {number}: {call.verb} {call.resource} {call.name} {call.body[:300]!r}"
        return self.world.keep(), where


@pytest.fixture(scope="module")
def kept_cases(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], KilledSwap]:
    """Return a function that returns a case by its name, the same one for all tests."""

    @cache
    def kept(name: str) -> KilledSwap:
        return KilledSwap(CASES[name], tmp_path_factory.mktemp("app"))

    return kept


@pytest.fixture(params=params())
def killed(request: pytest.FixtureRequest, kept_cases: Callable[[str], KilledSwap]) -> KilledSwap:
    """Return each case."""
    return kept_cases(request.param)


def assert_users_are_served(world: VersionPair, where: object) -> None:
    """Check that each arm with weight has a ready pod."""
    for stable, canary in world.weights():
        assert not stable or world.available(V1), where
        assert not canary or world.available(V2), where


def assert_ended(killed: KilledSwap, outcome: str, where: object) -> None:
    """Check that all users are on one arm with its own version and pods, and that nothing of the run is left."""
    world = killed.world
    if outcome in {"not-owner", ""}:
        outcome = world.outcome() or "rolled-back"
    for name in (V1, V2):
        world.settle(name)
    assert_users_are_served(world, where)
    summary = world.summary()
    expected = killed.case.expected(outcome)
    assert expected == {name: summary[name] for name in expected}, (where, outcome)


@pytest.mark.parametrize("late", [False, pytest.param(True, marks=pytest.mark.full)], ids=["early", "late"])
def test_a_rollback_ends_every_killed_step(killed: KilledSwap, late: bool) -> None:  # noqa: FBT001 - a parameter
    """All users are on the old arm, or on the new one if all of them were there before the kill."""
    for where in killed.kills(late=late):
        assert_ended(killed, StepProcess(killed.world).rollback().results["outcome"], where)


def test_a_sweep_ends_every_killed_step(killed: KilledSwap) -> None:
    """Nobody ran the rollback, and the claim expired."""
    for where in killed.kills():
        killed.world.store.clock_offset_seconds += 700
        StepProcess(killed.world).sweep()
        assert_ended(killed, "", where)


@pytest.mark.parametrize("killed", params("rollback-of-promote"), indirect=True)
def test_the_killed_step_run_again_ends_as_if_it_had_not_been_killed(killed: KilledSwap) -> None:
    """Same objects, same tokens."""
    for where in killed.kills():
        killed.case.act(process_on(killed.world))
        assert killed.end == killed.world.summary(), where


def test_a_rollback_killed_on_the_way_is_finished_by_the_next(kept_cases: Callable[[str], KilledSwap]) -> None:
    """Both died: the promote anywhere, its rollback anywhere."""
    killed = kept_cases("promote")
    for where in killed.kills():
        kept = killed.world.keep()
        counted = StepProcess(killed.world)
        counted.rollback()
        for number in range(1, counted.kill_point.writes + 1):
            killed.world.put_back(kept)
            with pytest.raises(Killed):
                StepProcess(killed.world, KillPoint(number, "after")).rollback()
            assert_users_are_served(killed.world, (where, number))
            assert_ended(killed, StepProcess(killed.world).rollback().results["outcome"], (where, number))


def test_a_sweep_killed_on_the_way_is_finished_by_the_next(kept_cases: Callable[[str], KilledSwap]) -> None:
    """A sweep that dies after it scaled the old arm down leaves a run that the next one can only roll back."""
    killed = kept_cases("promote")
    for where in killed.kills():
        killed.world.store.clock_offset_seconds += 700
        kept = killed.world.keep()
        counted = StepProcess(killed.world)
        counted.sweep()
        for number in range(1, counted.kill_point.writes + 1):
            killed.world.put_back(kept)
            with pytest.raises(Killed):
                StepProcess(killed.world, KillPoint(number, "after")).sweep()
            assert_users_are_served(killed.world, (where, number))
            killed.world.store.clock_offset_seconds += 700
            StepProcess(killed.world).sweep()
            assert_ended(killed, "", (where, number))
