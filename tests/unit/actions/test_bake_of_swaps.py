"""Bake of a swap: the old arm stands by, and takes the users back by its weight alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.baked_evidence import BakedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster
from tests.unit.actions.test_bake import CANARY, always, edit, from_then_on, writes_since_the_bake


@pytest.fixture
def taking_turns(tmp_path: Path) -> SteppedCluster:
    """Return two Deployments that take turns, of which the canary passed its rung."""
    made = SteppedCluster(tmp_path)
    made.create(DEPLOYMENT, deployment(CANARY, "shop:1", replicas=0))
    made.settle(CANARY)
    StepProcess(made).prepare(topology="swap")
    StepProcess(made).analyze(60)
    return made


def pods(world: SteppedCluster) -> tuple[int, int]:
    """Return the pods that both arms ask for."""
    return int(world.get(APP)["spec"]["replicas"]), world.canary_replicas()


def test_in_a_swap_the_old_arm_stands_by_until_the_bake_is_over(taking_turns: SteppedCluster) -> None:
    """Then it is scaled down."""
    during: list[tuple[int, int]] = []
    reader = BakedEvidence(events={20: lambda: during.append(pods(taking_turns))}, swap=True)
    end = StepProcess(taking_turns).promote(bake=reader)

    assert (0, "promoted", "pass") == (end.exit_code, end.results["outcome"], end.results["verdict"])
    assert ([(2, 2)], (0, 2), {(0, 100)}) == (during, pods(taking_turns), taking_turns.weights())


def test_a_swap_that_fails_in_bake_gives_the_users_to_the_old_arm(taking_turns: SteppedCluster) -> None:
    """By its weight alone: no template of it was ever written."""
    end = StepProcess(taking_turns).promote(bake=BakedEvidence(from_then_on, swap=True))

    assert (5, "undone", "fail") == (end.exit_code, end.results["outcome"], end.results["verdict"])
    assert ({(100, 0)}, "shop:1", (2, 0)) == (taking_turns.weights(), taking_turns.image(APP), pods(taking_turns))
    assert {""} == taking_turns.tokens()


def test_a_swap_whose_old_arm_lost_its_pods_starts_them_before_the_users_come(taking_turns: SteppedCluster) -> None:
    """Somebody scaled it down during the bake."""

    def shrink() -> None:
        edit(taking_turns, DEPLOYMENT, {"replicas": 0})
        for _ in range(5):
            taking_turns.tick()

    end = StepProcess(taking_turns).promote(bake=BakedEvidence(from_then_on, {3: shrink}, swap=True))

    assert (5, "undone") == (end.exit_code, end.results["outcome"]), end.results
    assert ({(100, 0)}, (2, 0), True) == (taking_turns.weights(), pods(taking_turns), taking_turns.is_ready(APP))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_does_not_end_a_bake_as_a_person_does(taking_turns: SteppedCluster, status: int) -> None:
    """The bake goes on, and the old arm, which nobody needs by hand, is scaled down at its end."""
    faults = taking_turns.api.faults
    reader = BakedEvidence(events={3: lambda: faults.answer(status, verb="list", times=4)}, swap=True)
    end = StepProcess(taking_turns).promote(bake=reader)

    assert (0, "pass", (0, 2)) == (end.exit_code, end.results["verdict"], pods(taking_turns)), end.results


def test_a_swap_whose_promoted_arm_is_deleted_gives_the_users_to_the_old_arm(taking_turns: SteppedCluster) -> None:
    """Nobody would serve them otherwise, and the old arm is up."""
    reader = BakedEvidence(events={3: lambda: taking_turns.store.delete(DEPLOYMENT, NAMESPACE, CANARY)}, swap=True)
    end = StepProcess(taking_turns).promote(bake=reader)

    assert (5, "undone", "fail") == (end.exit_code, end.results["outcome"], end.results["verdict"]), end.results
    assert "the promoted arm had no ready pod" in end.results["reason"]
    assert ({(100, 0)}, True, {""}) == (taking_turns.weights(), taking_turns.is_ready(APP), taking_turns.tokens())


def test_somebody_who_takes_over_a_swap_finds_the_old_arm_up(taking_turns: SteppedCluster) -> None:
    """They may be moving the users back to it by hand."""

    def take_over() -> None:
        http = taking_turns.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)["spec"]["http"]
        for entry, weight in zip(http[0]["route"], (50, 50), strict=True):
            entry["weight"] = weight
        edit(taking_turns, VIRTUAL_SERVICE, {"http": http})

    end = StepProcess(taking_turns).promote(bake=BakedEvidence(events={3: take_over}, swap=True))

    assert (4, "promoted", {(50, 50)}, (2, 2)) == (
        end.exit_code, end.results["outcome"], taking_turns.weights(), pods(taking_turns)
    )  # fmt: skip


def test_a_swap_killed_at_any_write_of_its_failed_bake_ends_with_the_old_arm(taking_turns: SteppedCluster) -> None:
    """By the same step run again."""
    kept = taking_turns.keep()
    for number in writes_since_the_bake(taking_turns, swap=True):
        taking_turns.put_back(kept)
        with pytest.raises(Killed):
            StepProcess(taking_turns, KillPoint(number, "after")).promote(bake=BakedEvidence(always, swap=True))
        end = StepProcess(taking_turns).promote(bake=BakedEvidence(always, swap=True))
        assert (5, "undone") == (end.exit_code, end.results["outcome"]), number
        assert ({(100, 0)}, {""}) == (taking_turns.weights(), taking_turns.tokens()), number
