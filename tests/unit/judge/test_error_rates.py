"""False alarms and detection in simulated rollouts: a small, seeded cut of the benchmark's families."""

import pytest

from steps.judge import Rules, judge
from steps.model.judgement import Verdict
from tests.support.simulated_rollouts import SimulatedRollout, evidence_of, first_failure

RULES = Rules()


def ramp(k: int) -> float:
    """Return the canary's part of the traffic on the ladder 5, 10, 25, 50."""
    return (0.05, 0.1, 0.25, 0.5)[min(3, k // 30)]


def drift(k: int) -> float:
    """Return errors that rise tenfold over the rollout, in both arms."""
    return 0.001 + 0.009 * max(0, k) / 120


NULLS = {
    "equal .1 %, 10": SimulatedRollout(10, lambda _: 0.001, lambda _: 0.001),
    "equal .5 %, 100": SimulatedRollout(100, lambda _: 0.005, lambda _: 0.005, aligned=True),
    "equal 2 %, 10": SimulatedRollout(10, lambda _: 0.02, lambda _: 0.02, aligned=True),
    "near the objective": SimulatedRollout(100, lambda _: 0.009, lambda _: 0.009),
    "batches": SimulatedRollout(100, lambda _: 0.005, lambda _: 0.005, batch=10, history=40),
    "batches, same scrape": SimulatedRollout(100, lambda _: 0.005, lambda _: 0.005, batch=10, history=40, aligned=True),
    "shared outage": SimulatedRollout(
        100, lambda k: 0.3 if 30 <= k < 34 else 0.001, lambda k: 0.3 if 30 <= k < 34 else 0.001, aligned=True
    ),
    "shared outage, stable one stratum later": SimulatedRollout(
        100, lambda k: 0.9 if 30 <= k < 34 else 0.001, lambda k: 0.9 if 30 <= k < 34 else 0.001, shift=1
    ),
    "ramp and drift": SimulatedRollout(100, drift, drift, part=lambda k: ramp(k) if k >= 0 else 0.0, aligned=True),
    "20 % more errors": SimulatedRollout(1000, lambda _: 0.0012, lambda _: 0.001),
}


def failing(
    rps: float, share: float, seconds: float = 15, part: float = 0.1, *, aligned: bool = False
) -> SimulatedRollout:
    """Make a canary that fails this share of its requests from the start, next to a stable that hardly fails."""
    return SimulatedRollout(
        rps, lambda _: share, lambda _: 0.001, lambda _: part, seconds=seconds, strata=20 if share > 0.02 else 40,
        aligned=aligned,
    )  # fmt: skip


FAULTS = {
    "everything fails, 4 canary rps, same scrape": (failing(40, 1.0, 1, aligned=True), 2),
    "everything fails, 2 canary rps, same scrape": (failing(40, 1.0, 1, 0.05, aligned=True), 4),
    "everything fails, 4 canary rps": (failing(40, 1.0, 1), 4),
    "20 % fail, 10 rps": (failing(10, 0.2), 6),
    "5 % fail, 100 rps": (failing(100, 0.05), 5),
    "1 % fail, 100 rps": (failing(100, 0.01), 16),
    "5 % fail from minute 10 on, 100 rps": (
        SimulatedRollout(100, lambda k: 0.05 if k >= 40 else 0.001, lambda _: 0.001, strata=60),
        46,
    ),
}


@pytest.mark.parametrize("name", NULLS)
def test_no_false_alarms(name: str) -> None:
    """Not one in 16 rollouts, judged after every scrape (the e-process keeps its maximum)."""
    world = NULLS[name]
    for seed in range(16):
        strata = world.draw(seed)
        judgement = judge(evidence_of(strata, aligned=world.aligned), None, RULES, deadline_reached=True)
        assert judgement.verdict is not Verdict.FAIL, (seed, judgement.reason)


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_found_in_time(name: str) -> None:
    """Nine rollouts in ten, within so many scrapes."""
    world, within = FAULTS[name]
    found = sorted(first_failure(world, seed, RULES)[0] or 10_000 for seed in range(10))
    assert found[8] <= within, found
