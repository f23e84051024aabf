"""The evidence behind "proven": rarely wrong at the edge of the margin, and available soon for a good canary."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import log

import pytest

from steps.judge.statistics.universal_inference import DifferenceTest
from steps.model.evidence import Counts

BETA = 0.05
STRATUM = Counts(150, 0), Counts(1350, 0)
TOLERATED = 0.005


def half_a_point(_share: float) -> float:
    """Tolerate half a percentage point."""
    return TOLERATED


def drawn(chance: random.Random, total: int, share: float) -> int:
    """Draw bad requests."""
    return sum(chance.random() < share for _ in range(total))


def proven_after(seed: int, canary: float, stable: float, past: float | None, looks: int = 40) -> int | None:
    """Return the stratum (1..) from which the canary is proven, judged after each."""
    chance = random.Random(seed)
    before = Counts(54_000, drawn(chance, 54_000, past)) if past is not None else Counts(0, 0)
    mine = others = 0
    for look in range(1, looks + 1):
        mine += drawn(chance, STRATUM[0].total, canary)
        others += drawn(chance, STRATUM[1].total, stable)
        seen = DifferenceTest(Counts(150 * look, mine), Counts(1350 * look, others), before)
        if seen.log_evidence(half_a_point) >= log(1 / BETA):
            return look
    return None


@pytest.mark.parametrize("past", [None, 0.001, 0.01], ids=["no-past", "as-in-the-past", "better-than-in-the-past"])
def test_a_canary_worse_by_the_margin_is_rarely_called_proven(past: float | None) -> None:
    """At most 5 of 100, no matter how often it is judged; 60 rollouts leave room for chance."""
    wrong = sum(proven_after(seed, 0.001 + TOLERATED, 0.001, past) is not None for seed in range(60))
    assert wrong <= 60 * BETA + 3


def test_a_good_canary_is_proven_in_minutes_and_sooner_with_a_history() -> None:
    """15 s a stratum."""
    known, unknown = (
        sorted(proven_after(seed, 0.001, 0.001, past) or 99 for seed in range(15)) for past in (0.001, None)
    )
    assert known[7] <= 12
    assert known[7] < unknown[7] <= 20


def test_more_requests_rule_out_smaller_differences() -> None:
    """The difference ruled out at `beta` is the one that the evidence speaks against."""
    few, many = (DifferenceTest(Counts(n, n // 1000), Counts(9 * n, 9 * n // 1000), Counts(0, 0)) for n in (1000, 4000))
    assert 0.001 < many.excluded(half_a_point, BETA) < TOLERATED < few.excluded(half_a_point, BETA) < 0.02
    assert many.log_evidence(half_a_point) > log(1 / BETA) > few.log_evidence(half_a_point)


@pytest.mark.parametrize(
    ("canary", "stable"),
    [(Counts(0, 0), Counts(100, 1)), (Counts(100, 1), Counts(0, 0)), (Counts(100, 5), Counts(900, 1))],
    ids=["no-canary", "no-stable", "looks-worse"],
)
def test_nothing_is_proven_without_requests_or_against_appearance(canary: Counts, stable: Counts) -> None:
    """And no difference is ruled out."""
    seen = DifferenceTest(canary, stable, Counts(0, 0))
    assert seen.log_evidence(half_a_point) == 0.0
    assert seen.excluded(half_a_point, BETA) > TOLERATED


@pytest.mark.parametrize(
    "tolerated", [lambda _share: 0.01, lambda share: max(0.005, 0.5 * share)], ids=["flat", "part"]
)
def test_batches_make_the_evidence_smaller(tolerated: Callable[[float], float]) -> None:
    """By the overdispersion; and an arm without a single bad request is not a special case."""
    even, batches = (DifferenceTest(Counts(2000, 0), Counts(9000, 0), Counts(0, 0), phi) for phi in (1.0, 3.0))
    assert even.log_evidence(tolerated) == pytest.approx(3 * batches.log_evidence(tolerated))
    assert even.log_evidence(tolerated) > log(1 / BETA)
