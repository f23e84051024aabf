"""Runs, sweeps, people and controllers act on one app at once, and the code decides after each request who goes on.

`make schedules` tries thousands of schedules; these are the few that every run of the tests can afford.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.schedules.machine import explore
from tests.schedules.process import Process
from tests.schedules.schedule import Schedule, repeat
from tests.schedules.topologies import TOPOLOGIES
from tests.schedules.violation import Violation
from tests.schedules.virtual_time import virtual_time


@pytest.fixture(autouse=True)
def _time() -> Iterator[None]:
    """Let no step wait."""
    with virtual_time():
        yield


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_no_schedule_breaks_a_promise(topology: str) -> None:
    """No late writer raises a weight or writes a Deployment, users are served, and nothing is left at the end."""
    explore(5, [topology])


@pytest.mark.full
@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_no_schedule_of_hundreds_breaks_a_promise(topology: str) -> None:
    """The same with more schedules."""
    explore(300, [topology])


def test_a_run_alone_is_promoted_and_leaves_nothing() -> None:
    """The machinery lets a release end: promises that hold because nothing happens would prove nothing."""
    done = repeat("one:rest run:a:walk:fail:shop go:a:900")
    assert "ready, promoted" == done.processes["a"].end
    assert "shop:2" == done.world.image("shop")


@pytest.mark.parametrize(
    ("kind", "end", "image"),
    [
        ("baked", "ready, promoted", "shop:2"),
        ("spoilt", "ready, undone, not-owner", "shop:1"),
        ("hotfix", "promoted", "shop:2"),
    ],
)
def test_every_kind_of_release_ends_alone(kind: str, end: str, image: str) -> None:
    """The same for a release that is baked, for one that fails then, and for a hotfix."""
    done = repeat(f"one:rest run:a:{kind}:fail:shop go:a:900")
    assert end == done.processes["a"].end
    assert image == done.world.image("shop")


def test_the_arms_of_a_swap_take_turns() -> None:
    """The first release moves all users to shop-v2, the next one back to shop-v1, and the idle arm has no pods."""
    done = repeat("swap:rest run:a:walk:fail:shop go:a:900 run:b:next:fail:shop go:b:900")
    assert ["ready, promoted"] * 2 == [done.processes[name].end for name in ("a", "b")]
    assert {(100, 0)} == done.world.weights()
    assert 0 == done.world.get("shop-v2")["spec"]["replicas"]


@pytest.mark.parametrize(
    "schedule",
    [
        "both:walking hand:p1:roll-back:shop/shop person:delete:shop go:p1:12 lose:p1 person:weigh:shop-internal:100",
        "swap-both:rest clock:130 clock:130 run:a:walk:fail:shop/shop go:a:1 go:a:50 go:a:25 person:tamper:shop:shop",
        "both:prepared person:take-token:shop-internal:shop person:delete:shop-canary person:deploy:shop-canary",
        "swap:prepared person:take-token:shop:shop person:delete:shop-v1",
        "swap-both:walking person:delete:shop-v2",
        "apart:rest run:a:walk:fail:internal/shop-internal person:weigh:shop:100",
        "apart:walking run:b:walk:fail:internal/shop-internal clock:130 clock:130 clock:130 clock:130 clock:130",
        "swap:prepared person:weigh:shop:100 person:delete:shop-v1",
        "both:walking hand:p1:roll-back:shop/shop go:p1:2 lose:p1",
        "swap-both:walking clock:130 clock:130 clock:130 clock:130 clock:130 sweep:s1:all go:s1:2 lose:s1 go:s1:12",
    ],
    ids=[
        "lost-answer",
        "renamed-deployments",
        "one-token-taken",
        "stable-gone",
        "arm-gone",
        "weight-by-hand",
        "routes-of-a-dead-run",
        "stable-deleted-behind-users",
        "first-not-written",
        "first-not-written-in-a-swap",
    ],
)
def test_what_once_broke_a_promise_breaks_none(schedule: str) -> None:
    """Schedules that earlier versions, of the steps or of this machinery, did not withstand."""
    assert repeat(schedule).journal


def test_a_schedule_can_be_repeated_exactly() -> None:
    """The same moves give the same requests, to the second."""
    text = (
        "both:walking run:b:walk:supersede:shop go:b:40 run:a:climb:fail:shop go:a:9"
        " go:b:9 lose:a go:b:50 kill:b clock:700"
    )
    first, second = repeat(text), repeat(text)
    assert len(first.journal) > 20
    assert _without_chance(first.journal) == _without_chance(second.journal)


def test_a_writer_without_a_fence_is_caught() -> None:
    """A process that keeps writing after its claim was taken over breaks a promise, and the account says who."""
    schedule = Schedule("one", "walking")

    def unfenced(process: Process) -> str:
        steps = schedule.steps(process, "shop")
        steps.write_unfenced("shop", weight=60)
        return "done"

    schedule.start("late", "shop", unfenced)
    schedule.do("clock:700")
    schedule.do("sweep:s1:own")
    schedule.do("go:s1:900")
    with pytest.raises(
        Violation, match="late raised the weight of shop-canary on VirtualService shop, which carries no"
    ):
        schedule.do("go:late:9")


def test_a_sweep_that_scales_a_stranger_down_is_caught() -> None:
    """A Deployment that is not part of a release must not be written, whatever an annotation names."""
    schedule = Schedule("one", "walking")

    def confused(process: Process) -> str:
        schedule.steps(process, "shop").scale_unfenced("billing", 0)
        return "done"

    schedule.start("confused", "shop", confused)
    with pytest.raises(Violation, match="wrote Deployment shop/billing, which is not part of its release"):
        schedule.do("go:confused:9")


def test_users_who_are_sent_to_an_arm_without_pods_are_caught() -> None:
    """Their requests would fail, and nobody else did it."""
    schedule = Schedule("one", "walking")

    def hasty(process: Process) -> str:
        schedule.steps(process, "shop").scale_unfenced("shop-canary", 0)
        return "done"

    schedule.start("hasty", "shop", hasty)
    with pytest.raises(Violation, match="users of VirtualService shop were sent to shop-canary, which cannot serve"):
        schedule.do("go:hasty:9")


def _without_chance(journal: list[str]) -> list[str]:
    """Return the lines without the parts of names that are drawn by chance."""
    return [line.split("(")[0] for line in journal]
