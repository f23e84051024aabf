"""What tests of a swap do again and again: release up to the last rung, and wait for a standby."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from steps.actions.teardown import TeardownPolicy
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.version_pair import VersionPair

Line = MutableMapping[str, Any]


def walked(world: VersionPair, weight: int = 60, run: str = "one", image: str = "shop:2") -> None:
    """Release up to the last rung, which passes."""
    assert "ready" == StepProcess(world).prepare(run=run, image=image).results["outcome"]
    assert 0 == StepProcess(world).analyze(weight, run=run).exit_code


def standing_by(
    world: VersionPair, seconds: float = 300.0, *, keep: bool = False, meanwhile: Callable[[int], object] | None = None
) -> TeardownPolicy:
    """Return a policy whose waits pass on the server's clock alone; `meanwhile` gets the number of each wait."""
    waits: list[float] = []

    def pause(wait: float) -> None:
        waits.append(wait)
        world.store.clock_offset_seconds += wait
        (meanwhile or (lambda _: None))(len(waits))

    return TeardownPolicy(5.0, 0.0, pause, standby_seconds=seconds, keep_standby=keep)


def named(logged: list[Line], event: str) -> list[Line]:
    """Return the lines of one event."""
    return [line for line in logged if line["event"] == event]


def process_on(world: VersionPair, kill_point: KillPoint | None = None) -> StepProcess:
    """Return a process whose waits take no time but the server's: the old arm stands by for two renewals."""

    def pass_time(seconds: float) -> None:
        world.store.clock_offset_seconds += seconds

    return StepProcess(world, kill_point, TeardownPolicy(5.0, 0.0, pass_time, standby_seconds=130.0))
