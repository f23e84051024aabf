"""A part of the schedules, which one process tries."""

from __future__ import annotations

from dataclasses import dataclass

from tests.schedules.machine import Machine, explore
from tests.schedules.violation import Violation
from tests.schedules.virtual_time import virtual_time


@dataclass(frozen=True, slots=True)
class Part:
    """What one process tries.

    Args:
        topology: of the cluster.
        schedules: how many.
        seed: of hypothesis' choices.
    """

    topology: str
    schedules: int
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """What it found.

    Args:
        part: what was tried.
        schedules: how many were tried.
        requests: to the API.
        violation: the account of a broken promise, "" for none.
    """

    part: Part
    schedules: int
    requests: int
    violation: str


def try_part(part: Part) -> Result:
    """Try a part, until it is done or a promise is broken."""
    Machine.tried, Machine.requests, violation = {}, 0, ""
    with virtual_time():
        try:
            explore(part.schedules, [part.topology], seed=part.seed)
        except Violation as found:
            violation = str(found)
    return Result(part, sum(Machine.tried.values()), Machine.requests, violation)
