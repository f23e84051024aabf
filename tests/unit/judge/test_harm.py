"""Small harm is tolerated: an alarm and a suspicion need a difference that matters, in the same series."""

import random

import pytest

from steps.judge import Rules, judge
from steps.judge.comparison.harm import Harm, is_surely_tolerated
from steps.model.evidence import Evidence, MetricKind, Series, Stratum
from steps.model.judgement import Judgement, ReasonCode, Verdict
from tests.support.evidence_rows import Row, evidence, metric, strata
from tests.support.simulated_rollouts import binomial

RULES = Rules()


def rows(seed: int, canary: float, stable: float, count: int, requests: int = 1500) -> list[Row]:
    """Draw scrapes of which a tenth is the canary's."""
    chance = random.Random(seed)
    return [
        ((requests // 10, binomial(chance, requests // 10, canary)), (requests, binomial(chance, requests, stable)))
        for _ in range(count)
    ]


def seen(canary: float, stable: float, *, seed: int = 7, count: int = 60, requests: int = 1500) -> tuple[Stratum, ...]:
    """Return strata after a past of the same kind."""
    past = [pair for _, pair in rows(seed + 1, 0.0, stable, 40, requests)]
    return strata(past, rows(seed, canary, stable, count, requests))


def judged(found: Evidence) -> Judgement:
    """Judge before the deadline."""
    return judge(found, None, RULES, deadline_reached=False)


@pytest.mark.parametrize("seed", range(5))
def test_a_canary_that_is_certainly_worse_by_less_than_the_floor_passes(seed: int) -> None:
    """Six times as many failures are .05 percentage points: certain, and tolerated."""
    errors = seen(0.0006, 0.0001, seed=seed, count=100, requests=60_000)
    found = judged(evidence(errors))
    assert found.e_value > 100
    assert (Verdict.PASS, ReasonCode.HEALTHY) == (found.verdict, found.code), found.reason


@pytest.mark.parametrize("noisy", [0.5, 0.1])
def test_a_noisy_series_does_not_lend_its_difference_to_another_one(noisy: float) -> None:
    """Half of the requests are above p50, a point more by chance; .5 % above p99.9 are beyond chance, and tolerated."""
    chance = random.Random(3)
    wide: list[Row] = [((1000, binomial(chance, 1000, noisy) + 15), (9000, round(9000 * noisy))) for _ in range(30)]
    far: list[Row] = [((1000, 5), (9000, 1)) for _ in range(30)]
    latency = metric(MetricKind.LATENCY, Series(strata([], wide), 50.0, "p50"), Series(strata([], far), 900.0, "far"))
    errors = strata([], [((1000, 0), (9000, 1)) for _ in range(30)])
    found = judged(evidence(errors, latency))
    assert found.metrics[1].series[1].e_value > 1e4
    assert Verdict.PASS == found.verdict, found.reason


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_a_harmful_difference_is_still_an_alarm(share: float) -> None:
    """Ten times stable's failures are a percentage point."""
    assert Verdict.FAIL == judged(evidence(seen(share, 0.001))).verdict


def test_a_late_fault_is_not_excused_by_a_long_good_time() -> None:
    """Over the run the mean is below the floor; since the fault began it is far above."""
    good, late = seen(0.0001, 0.0001, count=200), rows(5, 0.004, 0.0001, 8)
    found = strata([(s.stable.total, s.stable.bad) for s in good[:40]], [
        *(((s.canary.total, s.canary.bad), (s.stable.total, s.stable.bad)) for s in good[40:]), *late
    ])[40:]  # fmt: skip
    assert Harm(found, 0.001, RULES).is_harmful()
    assert not Harm(found, 0.001, RULES).is_harmful(found[199].end)
    assert not is_surely_tolerated(found, 0.001)
    assert is_surely_tolerated(found[:200], 0.001)


def test_a_floor_of_zero_and_shares_of_all_are_no_special_case() -> None:
    """A custom metric may have no floor; a stable that fails everything leaves nothing to be worse by."""
    nothing = strata([], [((100, 5), (900, 0))] * 3)
    assert Harm(nothing, 0.0, RULES).is_harmful()
    everything = strata([], [((100, 100), (900, 900))] * 3)
    assert not Harm(everything, 0.001, RULES).is_harmful()
    assert not is_surely_tolerated(everything, 0.001)
    assert not Harm(strata([], [((100, 9), (0, 0))] * 3), 0.001, RULES).is_harmful()
