"""After a kill between any two API calls of any step, users end on a ready stable.

A kill between two reads is equivalent to one after the write before them, and a kill before a write is equivalent to
one after the previous write, except that the cluster moved on: so kills after each write, and before the first one,
cover every place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from steps.errors import NotOwnerError, StepError
from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence, GrowingEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint, Moment
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import POD
from tests.support.release_ends import PROMOTED, RESTORED
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

StepCall = Callable[[StepProcess], StepEnd]
CANARY = f"{APP}-canary"
TWO = (APP, f"{APP}-inner")


def prepare(process: StepProcess) -> StepEnd:
    """Make the canary ready."""
    return process.prepare()


def walk(process: StepProcess) -> StepEnd:
    """Set a weight that asks for more pods."""
    return process.set_weight(60)


def passed(process: StepProcess) -> StepEnd:
    """Judge a canary that is as good as stable, on a rung of its own."""
    return process.analyze(60)


def retreat(process: StepProcess) -> StepEnd:
    """Judge a canary that fails everything, on a rung of its own."""
    return process.analyze(60, FixedEvidence(1.0))


def disrupted(process: StepProcess) -> StepEnd:
    """Judge a canary, on a rung of its own, whose pods are deleted and come back after two polls."""
    world = process.world

    def delete() -> None:
        for pod in world.store.list(POD, NAMESPACE, f"app={CANARY}"):
            world.store.delete(POD, NAMESPACE, pod["metadata"]["name"])
        world.faulty["shop:2"] = "never-ready"

    def heal() -> None:
        world.faulty["shop:2"] = ""
        world.tick()

    heal()
    return process.analyze(60, GrowingEvidence(world, {1: delete, 3: heal}), poll_seconds=0.001, min_requests=20)


def promote(process: StepProcess) -> StepEnd:
    """Make it stable."""
    return process.promote()


def rollback(process: StepProcess) -> StepEnd:
    """Return up."""
    return process.rollback()


def promote_halfway(process: StepProcess) -> StepEnd:
    """Die when stable has its new template."""
    process.kill_point.at_write, process.kill_point.moment = 4, "after"
    with suppress(Killed):
        return process.promote()
    return StepEnd({})


@dataclass(frozen=True)
class KillCase:
    """The steps that ran before, and the step that is killed."""

    before: tuple[StepCall, ...]
    act: StepCall
    services: tuple[str, ...] = (APP,)
    baseline: bool = False

    def world(self, folder: Path) -> SteppedCluster:
        """Return a new app for it."""
        return SteppedCluster(folder, self.services, baseline=self.baseline)


CASES = {
    "prepare": KillCase((), prepare),
    "set-weight": KillCase((prepare,), walk),
    "analyze": KillCase((prepare,), retreat),
    "analyze-passing": KillCase((prepare,), passed),
    "promote": KillCase((prepare, passed), promote),
    "rollback": KillCase((prepare, walk), rollback),
    "rollback-of-retreat": KillCase((prepare, retreat), rollback),
    "rollback-of-promote": KillCase((prepare, passed, promote_halfway), rollback),
    "analyze-two": KillCase((prepare,), retreat, TWO),
    "analyze-disrupted": KillCase((prepare,), disrupted),
    "analyze-disrupted-two": KillCase((prepare,), disrupted, TWO),
    "promote-two": KillCase((prepare, passed), promote, TWO),
    "prepare-with-baseline": KillCase((), prepare, baseline=True),
    "analyze-with-baseline": KillCase((prepare,), retreat, baseline=True),
    "promote-with-baseline": KillCase((prepare, passed), promote, baseline=True),
}


def params(*without: str) -> list[object]:
    """Return the cases; those that another case mostly covers belong to the full run."""
    rare = {name for name in CASES if name.endswith(("-two", "-with-baseline"))} - {"promote-two"}
    rare |= {"analyze-passing", "rollback-of-retreat", "promote"}  # promote-two and analyze have their writes
    return [
        pytest.param(name, marks=[pytest.mark.full] if name in rare else []) for name in CASES if name not in without
    ]


class KilledStep:
    """A case that is killed once at each write; the cluster can be put back to each kill, for all tests."""

    def __init__(self, world: SteppedCluster, case: KillCase) -> None:
        self.world, self.case = world, case
        for act in case.before:
            act(StepProcess(world))
        self._kept = world.keep()
        self._kills: dict[tuple[int, Moment], tuple[Any, dict[str, str], str]] = {}
        self.process = StepProcess(world)
        self.end = case.act(self.process)
        self.summary = world.summary()

    def kills(self, *, late: bool = False) -> Iterator[str]:
        """Kill the step at every write; yield a description after each kill. `late`: as late as possible."""
        writes = self.process.kill_point.writes
        assert writes > 1
        yield self.kill(1, "before")
        for number in range(1, writes + (not late)):
            yield self.kill(number + 1, "before") if late else self.kill(number, "after")

    def kill(self, number: int, moment: Moment) -> str:
        """Put the cluster back to where the step was killed at one write; kill it if it has not been killed there."""
        if (number, moment) not in self._kills:
            self._kills[number, moment] = self._killed(number, moment)
        kept, faulty, where = self._kills[number, moment]
        self.world.put_back(kept)
        self.world.faulty = dict(faulty)
        return where

    def _killed(self, number: int, moment: Moment) -> tuple[Any, dict[str, str], str]:
        self.world.put_back(self._kept)
        with pytest.raises(Killed):
            self.case.act(StepProcess(self.world, KillPoint(number, moment)))
        call = self.world.api.faults.writes()[-1]
        where = f"killed {moment} write {number}: {call.verb} {call.resource} {call.name} {call.body[:300]!r}"
        return self.world.keep(), dict(self.world.faulty), where


@pytest.fixture(scope="module")
def kept_cases(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], KilledStep]:
    """Return a function that returns a case by its name, the same one for all tests."""

    @cache
    def kept(name: str) -> KilledStep:
        return KilledStep(CASES[name].world(tmp_path_factory.mktemp("app")), CASES[name])

    return kept


@pytest.fixture(params=params())
def killed(request: pytest.FixtureRequest, kept_cases: Callable[[str], KilledStep]) -> KilledStep:
    """Return each case."""
    return kept_cases(request.param)


def assert_ended(world: SteppedCluster, rollback: StepEnd, where: object) -> None:
    """Check that all weight is on a ready stable of one version, the canary down, and nothing of the run left."""
    outcome = rollback.results["outcome"]
    if outcome == "not-owner":  # it ended before its end could be recorded, or never began
        outcome = world.outcome() or "rolled-back"
    expected = {"rolled-back": RESTORED, "promoted": PROMOTED}[outcome]
    world.settle(APP)
    summary = world.summary()
    assert expected == {name: summary[name] for name in expected}, (where, outcome)


@pytest.mark.parametrize("late", [False, pytest.param(True, marks=pytest.mark.full)], ids=["early", "late"])
def test_rollback_restores_stable_after_any_kill(killed: KilledStep, late: bool) -> None:  # noqa: FBT001 - a parameter
    """All weight on a ready stable with its old template (or all of the new one), the canary down, no claim left."""
    for where in killed.kills(late=late):
        assert_ended(killed.world, StepProcess(killed.world).rollback(), where)


@pytest.mark.parametrize("killed", params("rollback-of-promote"), indirect=True)
def test_the_killed_step_run_again_ends_as_if_it_had_not_been_killed(killed: KilledStep) -> None:
    """Same results, same objects, same tokens."""
    for where in killed.kills():
        end = killed.case.act(StepProcess(killed.world))
        assert (killed.end.exit_code, said(killed.end)) == (end.exit_code, said(end)), where
        killed.world.settle(APP)
        assert killed.summary == killed.world.summary(), where


def said(end: StepEnd) -> dict[str, str]:
    """Return the results without parts that the killed step had done already, and without the time in a reason."""
    own = {"previous-weight", "judgement", "reason"}
    found = {name: value for name, value in end.results.items() if name not in own}
    return found | ({"outcome": "rolled-back"} if found.get("outcome") == "not-owner" else {})


def test_the_next_prepare_restores_stable_after_any_kill_and_the_expiry(killed: KilledStep) -> None:
    """Nobody ran the rollback: the next release repairs what was left and goes on, and the old run cannot write."""
    for where in killed.kills():
        killed.world.store.clock_offset_seconds += 700
        end = StepProcess(killed.world).prepare(run="two", image="shop:3")
        assert "ready" == end.results["outcome"], where
        killed.world.settle(APP)
        seen = killed.world.summary()
        assert ({(100, 0)}, {"two"}) == (seen["weights"], {token.split(":")[0] for token in seen["tokens"]}), where
        assert seen["stable"] in {"shop:1", "shop:2"}, where
        assert ("shop:3", 1) == (killed.world.image(CANARY), canary_pods(killed.world)), where
        late_act(killed)


def canary_pods(world: SteppedCluster) -> int:
    """Return how many pods of the canary can serve."""
    return int(world.get(CANARY)["status"]["availableReplicas"])


def late_act(killed: KilledStep) -> None:
    """Run a step that was only slow, not dead: it finds its claim gone and touches nothing."""
    before = killed.world.summary()
    with suppress(NotOwnerError):
        assert killed.case.act(StepProcess(killed.world)).results["outcome"] in {"not-owner", "promoted"}
    assert before == killed.world.summary()


def test_a_rollback_killed_on_the_way_is_finished_by_the_next(kept_cases: Callable[[str], KilledStep]) -> None:
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
            assert_ended(killed.world, StepProcess(killed.world).rollback(), (where, number))


def test_a_weight_is_never_set_on_a_canary_that_cannot_carry_it(kept_cases: Callable[[str], KilledStep]) -> None:
    """Wherever set-weight dies, the pods were there before the weight."""
    killed = kept_cases("set-weight")
    for where in killed.kills():
        enough = canary_pods(killed.world) >= 2
        assert enough or killed.world.weights() == {(100, 0)}, where


def test_a_step_of_a_run_that_is_rolling_back_writes_nothing(kept_cases: Callable[[str], KilledStep]) -> None:
    """A slow step after the retreat neither raises the weight nor grows the canary again."""
    killed = kept_cases("rollback")
    for where in killed.kills():
        if not any("rolling-back" in token for token in killed.world.tokens()):
            continue
        before = killed.world.summary()
        for act in (walk, promote):
            with pytest.raises(StepError):
                act(StepProcess(killed.world))
        assert before == killed.world.summary(), where
