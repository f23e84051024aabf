"""A canary that has users before the run, as at 90/10: refused, returned to stable first, or taken over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from steps.actions.teardown import TeardownPolicy
from steps.errors import PermanentError
from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

CANARY = f"{APP}-canary"
Pairs = tuple[tuple[int, int], ...]
TWO = (APP, f"{APP}-inner")
RESTORED = {"weights": {(100, 0)}, "stable": "shop:1", "canary pods": 0, "tokens": {""}}


def at_rest(folder: Path, *weights: tuple[int, int], names: tuple[str, ...] = (APP,)) -> SteppedCluster:
    """Return an app whose canary of an earlier release serves with these weights, one pair for each VirtualService."""
    world = SteppedCluster(folder, names)
    canary = deployment(CANARY, "shop:1", 1)
    canary["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "canary-steps"}
    world.create(DEPLOYMENT, canary)
    world.settle(CANARY)
    for name, pair in zip(names, weights, strict=True):
        set_weights(world, name, pair)
    return world


def set_weights(world: SteppedCluster, name: str, pair: tuple[int, int]) -> None:
    """Set the weights of a VirtualService, as a person would."""

    def change(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], pair, strict=True):
            entry["weight"] = weight
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, name, change, manager="kubectl-edit")


def prepare(world: SteppedCluster, way: str, kill: KillPoint | None = None, **more: Any) -> StepEnd:
    """Prepare shop:2."""
    return StepProcess(world, kill).prepare(at_rest=way, **more)


def kills(world: SteppedCluster, way: str, **more: Any) -> Iterator[str]:
    """Kill prepare after each of its writes; yield a description after each kill."""
    kept, counted = world.keep(), KillPoint()
    prepare(world, way, counted, **more)
    assert counted.writes > 1
    for number in range(1, counted.writes + 1):
        world.put_back(kept)
        with pytest.raises(Killed):
            prepare(world, way, KillPoint(number, "after"), **more)
        yield f"killed after write {number}: {world.api.faults.writes()[-1].body[:200]!r}"


def test_weights_at_rest_are_refused_and_both_other_ways_are_named(tmp_path: Path) -> None:
    """Nothing is written."""
    world = at_rest(tmp_path, (90, 10))
    with pytest.raises(PermanentError, match=r"weight 10 .*--at-rest reset.*--at-rest adopt"):
        prepare(world, "refuse")
    assert ({(90, 10)}, {""}) == (world.weights(), world.tokens())


@pytest.mark.parametrize("weights", [((90, 10), (90, 10)), ((90, 10), (40, 60)), ((50, 50), (100, 0))])
def test_reset_returns_all_users_before_the_canary_changes(tmp_path: Path, weights: Pairs) -> None:
    """In the patch that takes the claim of each VirtualService; the canary's template follows after the drain."""
    world, paused = at_rest(tmp_path, *weights, names=TWO), list[tuple[float, str]]()

    def pause(seconds: float) -> None:
        assert {(100, 0)} == world.weights()
        paused.append((seconds, world.image(CANARY)))

    StepProcess(world, ending=TeardownPolicy(5.0, 7.0, pause)).prepare(at_rest="reset")
    assert ({(100, 0)}, "shop:2") == (world.weights(), world.image(CANARY))
    ((seconds, image),) = paused
    assert "shop:1" == image
    assert pytest.approx(7.0, abs=1.5) == seconds


def test_reset_corrects_weights_that_do_not_sum_to_100(tmp_path: Path) -> None:
    """Refused otherwise, as nobody knows what they mean."""
    world = at_rest(tmp_path, (80, 10))
    for way in ("refuse", "adopt"):
        with pytest.raises(PermanentError, match=r"sum to 90.*--at-rest reset"):
            prepare(world, way)
    prepare(world, "reset")
    assert {(100, 0)} == world.weights()


def test_reset_of_weights_that_are_at_rest_waits_for_nothing(tmp_path: Path) -> None:
    """There is nobody to wait for."""
    world, paused = SteppedCluster(tmp_path), list[float]()
    StepProcess(world, ending=TeardownPolicy(5.0, 7.0, paused.append)).prepare(at_rest="reset")
    assert ([], {(100, 0)}) == (paused, world.weights())


@pytest.mark.parametrize("way", ["refuse", "reset", "adopt"])
def test_users_whom_somebody_returns_while_prepare_checks_are_waited_for_as_well(tmp_path: Path, way: str) -> None:
    """GitOps writes 100/0 in the middle of prepare: the canary's pods change only when its requests have ended."""
    world, paused = at_rest(tmp_path, (90, 10)), list[tuple[float, str]]()

    class Evidence(FixedEvidence):
        def check(self) -> tuple[str, ...]:
            set_weights(world, APP, (100, 0))
            return super().check()

    world.evidence = Evidence(0.0)
    ending = TeardownPolicy(5.0, 7.0, lambda seconds: paused.append((seconds, world.image(CANARY))))
    StepProcess(world, ending=ending).prepare(at_rest=way)
    ((seconds, image),) = paused
    assert ("shop:1", "shop:2", {(100, 0)}) == (image, world.image(CANARY), world.weights())
    assert pytest.approx(7.0, abs=1.5) == seconds


def test_adopted_users_stay_and_rungs_below_them_are_skipped(tmp_path: Path) -> None:
    """At 10 of the ladder 5, 25, 60 the first judged rung is 25."""
    world = at_rest(tmp_path, (90, 10))
    assert "ready" == prepare(world, "adopt", ladder=(5, 25, 60)).results["outcome"]
    assert ({(90, 10)}, "shop:2") == (world.weights(), world.image(CANARY))
    skipped = StepProcess(world).analyze(5, FixedEvidence(1.0))
    assert ("pass", True) == (skipped.results["verdict"], "skipped" in skipped.results["reason"])
    assert "10" == StepProcess(world).set_weight(5).results["weight"]
    for weight in (25, 60):
        assert 0 == StepProcess(world).analyze(weight).exit_code
        assert {(100 - weight, weight)} == world.weights()
    assert "promoted" == StepProcess(world).promote().results["outcome"]
    assert {(100, 0)} == world.weights()


@pytest.mark.parametrize(("rest", "judged"), [(5, [5, 60]), (20, [60])])
def test_rollout_judges_the_adopted_weight_first_if_it_is_a_rung(tmp_path: Path, rest: int, judged: list[int]) -> None:
    """Else the next higher rung of its ladder 5, 60."""
    world, set_to = at_rest(tmp_path, (100 - rest, rest)), list[int]()

    class Evidence(FixedEvidence):
        def read(self, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - as the reader
            set_to.extend(pair[1] for pair in world.weights())
            return super().read(*args, **more)

    end = StepProcess(world).rollout(Evidence(0.0), at_rest="adopt")
    assert ("promoted", judged) == (end.results["outcome"], list(dict.fromkeys(set_to)))


def test_adopted_users_return_to_stable_when_the_canary_fails(tmp_path: Path) -> None:
    """All of them, not only those above the weight at rest."""
    world = at_rest(tmp_path, (90, 10))
    prepare(world, "adopt")
    assert 5 == StepProcess(world).analyze(10, FixedEvidence(1.0)).exit_code
    assert {(100, 0)} == world.weights()
    StepProcess(world).rollback()
    assert RESTORED == {name: world.summary()[name] for name in RESTORED}


@pytest.mark.parametrize(
    ("weights", "more", "says"),
    [
        (((90, 10), (80, 20)), {}, "differ: 10 on route primary of shop/shop, 20 .*--at-rest reset"),
        (((40, 60), (40, 60)), {"ladder": (5, 50)}, "weight 60, above the end of the ladder, 50"),
    ],
)
def test_weights_that_no_run_can_adopt_are_refused(
    tmp_path: Path,
    weights: Pairs,
    more: dict[str, Any],
    says: str,
) -> None:
    """Before anything is written."""
    world = at_rest(tmp_path, *weights, names=TWO)
    before = world.weights()
    with pytest.raises(PermanentError, match=says):
        prepare(world, "adopt", **more)
    assert (before, {""}) == (world.weights(), world.tokens())


def test_a_canary_that_turns_out_to_run_stables_digest_loses_its_users_before_its_pods(tmp_path: Path) -> None:
    """Nothing is released, and nobody is left behind a canary without pods."""
    world = at_rest(tmp_path, (90, 10))
    for name in (APP, CANARY):
        world.always_pull(name, "shop:1")
    end = StepProcess(world).prepare(image="shop:1", at_rest="adopt")
    assert ("noop", {(100, 0)}, 0) == (end.results["outcome"], world.weights(), world.canary_replicas())


@pytest.mark.parametrize("way", ["reset", "adopt"])
def test_after_a_kill_rollback_restores_stable_or_the_weights_are_as_they_were(
    tmp_path: Path, way: Literal["reset", "adopt"]
) -> None:
    """Two VirtualServices: one that was not claimed yet keeps the weights at rest, and its canary its pods."""
    world = at_rest(tmp_path, (90, 10), (90, 10), names=TWO)
    for where in kills(world, way):
        unclaimed = not world.annotation("canary-steps.io/claim.shop", name=TWO[1])
        StepProcess(world).rollback()
        world.settle(APP)
        if unclaimed:
            assert {(100, 0), (90, 10)} == world.weights(), where
            assert 1 == world.canary_replicas(), where
        else:
            # Killed before the claim knew its Deployments: the canary is as it was, without users.
            untouched = {**RESTORED, "canary pods": 1} if world.image(CANARY) == "shop:1" else RESTORED
            seen = {name: world.summary()[name] for name in RESTORED}
            assert seen in (RESTORED, untouched), where


@pytest.mark.parametrize("way", ["reset", "adopt"])
def test_a_killed_prepare_run_again_ends_as_if_it_had_not_been_killed(
    tmp_path: Path, way: Literal["reset", "adopt"]
) -> None:
    """With the same weights, the same canary and the same tokens."""
    world = at_rest(tmp_path, (90, 10), (90, 10), names=TWO)
    kept = world.keep()
    prepare(world, way)
    expected = world.summary()
    world.put_back(kept)
    for where in kills(world, way):
        assert "ready" == prepare(world, way).results["outcome"], where
        assert expected == world.summary(), where
