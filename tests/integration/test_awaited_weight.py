"""A rung in two pods: analyze starts beside set-weight, and judges nothing before the weight is set."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from steps import analyze
from steps.actions.awaited_weight import await_weight
from steps.cluster.connection import ApiResponse
from steps.errors import NotOwnerError, PermanentError, SettingsError, TemporaryError
from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_connection import InProcessConnection
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint, Moment
from tests.support.killed_process import Killed
from tests.support.shop_release import APP
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration
Act = Callable[[], object]


class Beside:
    """What happens beside the waiting analyze: an action at each of its looks, in order."""

    def __init__(self, *actions: Act) -> None:
        self._actions = iter(actions)
        self.looks = 0

    def pause(self, seconds: float) -> None:
        """Do the next thing instead of waiting."""
        assert seconds > 0
        self.looks += 1
        next(self._actions)()


class OutOfOrder(InProcessConnection):
    """A connection to an API server that accepts no write."""

    def request(self, method: str, path: str, *args: Any, **kwargs: Any) -> ApiResponse:
        """Refuse for now what is not a GET."""
        if method != "GET":
            raise TemporaryError(f"{method} {path}", "503: etcd is away")
        return super().request(method, path, *args, **kwargs)


@pytest.fixture(params=[(APP,), (APP, "other")], ids=["one", "two"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> SteppedCluster:
    """Return a cluster with a run at weight 0, with one VirtualService and with two."""
    world = SteppedCluster(tmp_path, request.param)
    StepProcess(world).prepare(ladder=(20, 60))
    return world


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Beside]:
    """Return a function that fixes what happens beside an analyze while it waits."""

    def fixed(*actions: Act) -> Beside:
        made = Beside(*actions)
        monkeypatch.setattr(analyze, "await_weight", partial(await_weight, pause=made.pause))
        return made

    return fixed


def judge(world: SteppedCluster, weight: int = 20, bad_ratio: float = 0.0) -> tuple[StepEnd, int]:
    """Run analyze beside set-weight; return its end and how often it looked at the evidence."""
    evidence = FixedEvidence(bad_ratio)
    return StepProcess(world).analyze(None, evidence, await_weight=weight), evidence.reads


def do_nothing() -> None:
    """Let a look pass."""


@pytest.mark.parametrize(("bad_ratio", "exit_code", "left"), [(0.0, 0, (80, 20)), (1.0, 5, (100, 0))])
def test_it_waits_for_the_weight_and_judges_it(
    world: SteppedCluster, beside: Callable[..., Beside], bad_ratio: float, exit_code: int, left: tuple[int, int]
) -> None:
    """Not at once, and not the weight before."""
    waited = beside(do_nothing, do_nothing, lambda: StepProcess(world).set_weight(20))
    end, _ = judge(world, 20, bad_ratio)
    assert (exit_code, 3, {left}) == (end.exit_code, waited.looks, world.weights())


def test_the_second_rung_is_not_judged_by_the_weight_of_the_first(
    world: SteppedCluster, beside: Callable[..., Beside]
) -> None:
    """A canary that fails at 20 is not this rung's affair, and its pass at 60 is kept for 60."""
    StepProcess(world).set_weight(20)
    assert 0 == judge(world, 20)[0].exit_code
    waited = beside(do_nothing, lambda: StepProcess(world).set_weight(60))
    assert 0 == judge(world, 60)[0].exit_code
    assert 2 == waited.looks
    assert "promoted" == StepProcess(world).promote().results["outcome"]


def test_a_weight_that_is_set_needs_no_waiting(world: SteppedCluster, beside: Callable[..., Beside]) -> None:
    """A pod that started late, or again after a kill."""
    waited = beside()
    StepProcess(world).set_weight(20)
    assert [0, 0] == [judge(world)[0].exit_code for _ in range(2)]
    assert 0 == waited.looks


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_set_weight_is_awaited_until_its_retry(
    world: SteppedCluster, beside: Callable[..., Beside], moment: Moment
) -> None:
    """Wherever it dies, analyze judges the weight that was set, or waits for the next attempt."""
    kept = world.keep()
    counted = StepProcess(world)
    counted.set_weight(20)
    for number in range(1, counted.kill_point.writes + 1):
        world.put_back(kept)

        def die(number: int = number) -> None:
            with pytest.raises(Killed):
                StepProcess(world, KillPoint(number, moment)).set_weight(20)

        beside(do_nothing, die, do_nothing, lambda: StepProcess(world).set_weight(20))
        end, _ = judge(world)
        assert 0 == end.exit_code, number
        StepProcess(world).set_weight(20)
        assert {(80, 20)} == world.weights()


def test_a_set_weight_that_fails_for_good_ends_the_wait_with_its_reason(
    world: SteppedCluster, beside: Callable[..., Beside]
) -> None:
    """Exit 4 at the next look: the engine's exit handler must not wait for minutes. The record keeps the reason."""
    StepProcess(world).set_weight(20)

    def fail() -> None:
        with pytest.raises(PermanentError):
            StepProcess(world).set_weight(30)

    waited = beside(fail)
    with pytest.raises(PermanentError, match=r"weight 30 could not be set: .*not on the run's ladder") as refused:
        judge(world, 30)
    assert (4, 1, {(80, 20)}) == (refused.value.exit_code, waited.looks, world.weights())
    StepProcess(world).rollback(reason="the workflow failed")
    assert "could not be set" in StepProcess(world).report()


def test_a_set_weight_that_fails_for_a_while_is_awaited(world: SteppedCluster, beside: Callable[..., Beside]) -> None:
    """Exit 3: the engine starts it again, so analyze does not learn of it."""

    def fail() -> None:
        with pytest.raises(TemporaryError):
            StepProcess(world, connection=OutOfOrder(world, KillPoint())).set_weight(20)

    waited = beside(fail, do_nothing, lambda: StepProcess(world).set_weight(20))
    assert (0, 3) == (judge(world)[0].exit_code, waited.looks)


def test_a_second_attempt_by_hand_forgets_the_reason_of_the_first(
    world: SteppedCluster, beside: Callable[..., Beside]
) -> None:
    """Somebody fixes what was wrong and sets the weight: then it is judged."""
    with pytest.raises(PermanentError):
        StepProcess(world).set_weight(30)
    StepProcess(world).set_weight(20)
    waited = beside()
    assert (0, 0) == (judge(world)[0].exit_code, waited.looks)
    assert "could not be set" not in StepProcess(world).report()


def test_a_run_that_rolls_back_meanwhile_is_not_judged(world: SteppedCluster, beside: Callable[..., Beside]) -> None:
    """Exit 7 once it is gone, and the evidence is not read."""
    evidence = FixedEvidence(0.0)
    beside(lambda: StepProcess(world).rollback())
    with pytest.raises(NotOwnerError):
        StepProcess(world).analyze(None, evidence, await_weight=20)
    assert (0, {(100, 0)}) == (evidence.reads, world.weights())


def test_a_set_weight_that_never_comes_is_awaited_until_the_claim_expires(
    world: SteppedCluster, beside: Callable[..., Beside]
) -> None:
    """Exit 4, which names the pod to look at; waiting alone does not keep the claim alive."""
    waited = beside(*[lambda: world.wait(250)] * 3)
    with pytest.raises(PermanentError, match="the claim expired after 600 s"):
        judge(world)
    assert (3, {(100, 0)}) == (waited.looks, world.weights())


def test_where_no_engine_starts_it_again_a_silent_set_weight_is_given_up_sooner(
    world: SteppedCluster, beside: Callable[..., Beside]
) -> None:
    """Exit 4 with where the users are: the silence counts from the start of the wait, or from the last renewal."""
    StepProcess(world).set_weight(20)
    world.wait(200.0)
    waited = beside(*[lambda: world.wait(50)] * 3)
    with pytest.raises(
        PermanentError, match=r"no sign of set-weight for 1\d\d s \(--await-seconds 120\).*at weight 20\."
    ):
        StepProcess(world).analyze(None, await_weight=60, await_seconds=120)
    assert (3, {(80, 20)}) == (waited.looks, world.weights())


def test_a_set_weight_that_waits_for_slow_pods_is_not_given_up(
    world: SteppedCluster, beside: Callable[..., Beside]
) -> None:
    """It renews the claim, although the weight comes after more than the time of silence."""

    def wait_and_renew() -> None:
        world.wait(100)
        StepProcess(world).renew()

    waited = beside(*[wait_and_renew] * 3, lambda: StepProcess(world).set_weight(20))
    assert 0 == StepProcess(world).analyze(None, await_weight=20, await_seconds=120).exit_code
    assert 4 == waited.looks


@pytest.mark.parametrize("given", [{"weight": 20}, {"run": ""}], ids=["with --weight", "without --run"])
def test_what_contradicts_it_is_refused(world: SteppedCluster, given: dict[str, Any]) -> None:
    """Exit 2, before anything is read or written."""
    settings = {"weight": None, **given}
    with pytest.raises(SettingsError, match=r"--await-weight = 20: (needs --run|excludes --weight)"):
        StepProcess(world).analyze(**settings, await_weight=20)


def test_users_see_no_unjudged_weight(world: SteppedCluster) -> None:
    """With real time: the analyze that started first ends after the set-weight that started second."""
    ends: list[StepEnd] = []
    analysis = threading.Thread(target=lambda: ends.append(StepProcess(world).analyze(None, await_weight=20)))
    analysis.start()
    StepProcess(world).set_weight(20)
    analysis.join(10)
    assert [0] == [one.exit_code for one in ends]
