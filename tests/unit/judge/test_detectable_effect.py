"""What would have been caught: counted, not guessed, and no more than the rules would catch."""

from collections.abc import Sequence
from dataclasses import replace
from math import comb

import pytest

from steps.judge import Rules, judge
from steps.judge.power.detectable_effect import forecast
from steps.judge.power.power_search import smallest_detectable_share
from steps.judge.statistics.exact_tests import binomial_at_least
from steps.model.evidence import Counts, Evidence, Stratum
from tests.support.simulated_rollouts import evidence_of

RULES = Rules()


def even(count: int, *, canary: int = 150, stable: int = 1350, bad: int = 1, history: int = 40) -> tuple[Stratum, ...]:
    """Make strata of 15 s in which stable's bad requests come one at a time and the canary has none."""
    pods = (Counts(stable // 5, 0),) * 5
    return tuple(
        Stratum(15.0 * k, 15.0 * k + 15.0, Counts(stable, bad), Counts(canary if k >= 0 else 0, 0), pods)
        for k in range(-history, count)
    )


def claimed(strata: tuple[Stratum, ...], rules: Rules = RULES) -> float | None:
    """Return the share that a judgement says would have been caught."""
    evidence = evidence_of(strata, aligned=False)
    return judge(evidence, None, rules, deadline_reached=True).detectable_ratio


@pytest.mark.parametrize(("total", "share"), [(10, 0.5), (20, 0.3), (60, 0.9), (400, 0.01), (1000, 0.002), (30, 0.99)])
def test_the_chance_of_a_number_of_bad_requests_is_binomial(total: int, share: float) -> None:
    """Peizer and Pratt's approximation against the sum, for every number that matters."""
    for number in range(1, min(total, 30) + 1):
        fewer = sum(comb(total, x) * share**x * (1.0 - share) ** (total - x) for x in range(number))
        assert binomial_at_least(number, total, share) == pytest.approx(1.0 - fewer, abs=0.003)


def test_if_only_the_number_counts_the_share_is_the_binomial_one() -> None:
    """Ten of a thousand requests: the share that brings ten or more in 92.5 % of all draws."""
    share = smallest_detectable_share([250] * 4, lambda bad: sum(bad) >= 10, 3)
    assert share is not None
    assert binomial_at_least(10, 1000, share) == pytest.approx(0.925, abs=0.01)


def test_if_all_scrapes_must_agree_a_larger_share_is_needed() -> None:
    """Two in each of three: their placement counts as well as their number."""
    together = smallest_detectable_share([100] * 3, lambda bad: sum(bad) >= 6, 3)
    apart = smallest_detectable_share([100] * 3, lambda bad: min(bad) >= 2, 3)
    assert together is not None
    assert apart is not None
    assert apart > 1.2 * together
    each = 1.0 - (1.0 - apart) ** 100 - 100 * apart * (1.0 - apart) ** 99
    assert 0.88 <= each**3 <= 0.97


def test_a_share_that_shows_only_in_large_numbers_is_found_without_trying_each() -> None:
    """Of six million requests 60 000 must be bad."""
    asked = []

    def alarms(bad: Sequence[int]) -> bool:
        asked.append(bad)
        return sum(bad) >= 60_000

    assert smallest_detectable_share([1_000_000] * 6, alarms, 3) == pytest.approx(0.01, rel=0.03)
    assert len(asked) < 400


@pytest.mark.parametrize("requests", [0, 2])
def test_nothing_is_claimed_about_a_canary_without_enough_requests(requests: int) -> None:
    """Two bad requests are never an alarm."""
    strata = (*even(3, canary=0), *even(1, canary=requests, history=0))
    assert claimed(strata) is None


def test_more_traffic_more_time_and_a_quieter_stable_show_smaller_shares() -> None:
    """The order of claims; 60 strata are repeated as a few rows."""
    shares = [claimed(even(3)), claimed(even(6)), claimed(even(20)), claimed(even(60))]
    known = [share for share in shares if share is not None]
    assert (shares, known) == (known, sorted(known, reverse=True))
    noisy, little, usual = claimed(even(6, bad=20)), claimed(even(6, canary=15)), shares[1]
    assert usual is not None
    assert noisy is not None
    assert little is not None
    assert noisy > usual
    assert little > usual


def test_equal_evidence_makes_equal_claims() -> None:
    """No chance is involved."""
    assert claimed(even(5)) == claimed(even(5))


def test_an_alarm_of_the_guard_counts_as_caught() -> None:
    """At half of the traffic a stable close to its objective says less about the canary than the objective does."""
    strata = even(8, canary=400, stable=400, bad=3)
    guarded, alone = claimed(strata), claimed(strata, replace(RULES, success_slo=None))
    assert guarded is not None
    assert alone is not None
    assert guarded < alone


def test_the_forecast_is_what_will_be_claimed() -> None:
    """The same question before and after, in even traffic."""
    history = evidence_of(even(0), aligned=False)
    found = forecast(with_weight(history, 10), RULES, 180.0)
    after = claimed(even(12))
    assert found is not None
    assert after is not None
    assert found.ratio == pytest.approx(after, rel=0.25)


def with_weight(evidence: Evidence, weight: int) -> Evidence:
    """Return the evidence on a rung of this weight."""
    return replace(evidence, weight=weight)
