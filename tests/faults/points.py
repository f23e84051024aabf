"""Which points of a story are tried: all of them, or a seeded sample that has every fault."""

from __future__ import annotations

import random

from tests.faults.fault_kinds import FAULTS
from tests.faults.trying import NO_FAULT, Point, Trial

_EARLY = 60
_WRITES_SHARE = 0.6
"""Writes are fewer than reads, and more can go wrong at them."""


def chosen(name: str, trial: Trial, share: float, seed: int, only: str = "") -> list[Point]:
    """Return the points of a story, in order of request.

    Args:
        name: of the story.
        trial: of the story.
        share: how many ways back are to be tried for this story in all; 0 for all there are.
        seed: of the sample.
        only: names of faults, separated by commas; "" for all.
    """
    everything = range(1, trial.requests + 1)
    rng = random.Random(f"{seed}:{name}")
    found = [Point(name, 0, NO_FAULT)]
    faults = only.split(",") if only else list(FAULTS)
    wanted = share / max(1, len(trial.ways)) / len(faults)
    for fault in faults:
        count = int(wanted) + (rng.random() < wanted % 1)
        numbers = set(everything) if not share or count >= trial.requests else _sample(rng, trial, count)
        found += [Point(name, number, fault) for number in numbers]
    return sorted(found, key=lambda one: (one.at, one.fault))


def one_of(name: str, trial: Trial, seed: int) -> tuple[Point, str]:
    """Return one point of a story, early in its step, and one way back: for a test that must not take long."""
    rng = random.Random(f"{seed}:{name}")
    return Point(name, rng.randint(1, _EARLY), rng.choice(list(FAULTS))), rng.choice(trial.ways)


def _sample(rng: random.Random, trial: Trial, count: int) -> set[int]:
    writes = rng.sample(trial.writes, min(len(trial.writes), round(count * _WRITES_SHARE + rng.random() - 0.5)))
    others = [number for number in range(1, trial.requests + 1) if number not in writes]
    return {*writes, *rng.sample(others, min(len(others), count - len(writes)))}
