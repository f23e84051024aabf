"""Exact tests of counts, checked against the sums that define them."""

from math import comb, exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.judge.statistics.exact_tests import log_fisher, lower_tail, upper_tail
from steps.judge.statistics.incidents import dispersion_over_time, without_incidents
from steps.judge.statistics.windows import windows
from steps.model.evidence import Counts, Stratum
from tests.support.evidence_rows import evenly, incident, strata


@given(st.integers(1, 200), st.data(), st.floats(0.001, 0.9))
def test_the_binomial_tail_is_its_sum(total: int, data: st.DataObject, share: float) -> None:
    """Above the mean; at and below it nothing is surprising."""
    bad = data.draw(st.integers(0, total))
    exact = sum(comb(total, x) * share**x * (1 - share) ** (total - x) for x in range(bad, total + 1))

    assert (1.0 if bad <= total * share else pytest.approx(exact, rel=1e-6)) == upper_tail(Counts(total, bad), share)


@given(st.integers(1, 60), st.integers(1, 300), st.data())
def test_fishers_tail_is_its_sum(canary: int, stable: int, data: st.DataObject) -> None:
    """The chance that at least so many of both arms' bad requests fall on the canary."""
    mine, others = data.draw(st.integers(0, canary)), data.draw(st.integers(0, stable))
    bad = mine + others
    chances = [comb(canary, x) * comb(stable, bad - x) for x in range(mine, min(bad, canary) + 1)]
    exact = sum(chances) / comb(canary + stable, bad)
    found = log_fisher(Counts(canary, mine), Counts(stable, others))

    more = mine * (canary + stable) > bad * canary
    assert (pytest.approx(exact, rel=1e-6) if more else 1.0) == exp(found)


def test_extremes_have_answers() -> None:
    """No request, no bad one, nothing but bad ones, a share of 0 or 1."""
    nothing, sound, broken = Counts(0, 0), Counts(100, 0), Counts(100, 100)

    assert [1.0, 1.0, 0.0, 1.0] == [
        upper_tail(nothing, 0.1),
        upper_tail(sound, 0.1),
        upper_tail(broken, 0.0),
        upper_tail(broken, 1.0),
    ]
    assert [1.0, 1.0] == [lower_tail(nothing, 0.1), lower_tail(broken, 0.1)]
    assert lower_tail(sound, 0.1) < 1e-4
    assert [0.0, 0.0, 0.0] == [log_fisher(nothing, sound), log_fisher(broken, nothing), log_fisher(broken, broken)]


def test_counts_of_any_size_have_an_answer_between_0_and_1() -> None:
    """Near the mean, where the terms fall slowest: the upper bound is at least the truth, which is about a half."""
    huge = 2**52
    assert 0.4 < upper_tail(Counts(huge, huge // 100 + 1), 0.01) <= 1.0
    assert log_fisher(Counts(huge, huge // 100), Counts(huge, huge // 100)) == 0.0
    assert log_fisher(Counts(huge, huge // 50), Counts(huge, huge // 100)) < -100.0


def test_an_incident_is_left_out_with_its_neighbours() -> None:
    """Thirty of a hundred scrapes, and one on each side."""
    past = strata(incident(100, 30, 30, 100), [])

    assert 68 == len(without_incidents(past))
    assert max(stratum.stable.bad for stratum in without_incidents(past)) <= 1


def test_repeated_batches_are_not_incidents() -> None:
    """Batches are how stable usually fails: they stay, and show in the dispersion over time."""
    past = strata([(100, 20) if number % 15 == 0 else (100, 0) for number in range(90)], [])

    assert 90 == len(without_incidents(past))
    assert dispersion_over_time(past) > 5
    assert dispersion_over_time(strata(evenly(100, 4, 90), [])) < 1.5


def test_a_broken_stable_has_no_incidents() -> None:
    """Failing most of the time is its normal state."""
    past = strata([*evenly(100, 4, 20), *[(100, 60)] * 60], [])

    assert 80 == len(without_incidents(past))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=30))
def test_any_strata_are_accepted(rows: list[tuple[int, int]]) -> None:
    """None, one, silent ones."""
    made = tuple(Stratum(i, i + 1.0, Counts(max(a, b), min(a, b)), Counts(0, 0)) for i, (a, b) in enumerate(rows))

    assert dispersion_over_time(without_incidents(made)) >= 1.0
    assert () == windows(made, 0.0)


def test_the_windows_are_the_rung_the_last_scrapes_and_the_run() -> None:
    """The run only if it is more than the rung, the last scrapes only if there are more."""
    rows = strata([(90, 0)] * 5, [((10, 0), (90, 0))] * 20)
    names = {rung: [window.name for window in windows(rows, rung)] for rung in (0.0, 50.0, 100.0)}
    last = ["over the last 3 scrapes", "over the last 12 scrapes"]

    assert ["at this weight", *last] == names[0.0]
    assert ["at this weight", *last, "over the run"] == names[50.0]
    assert [*last, "over the run"] == names[100.0]
    assert [100, 30, 120, 200] == [window.canary.total for window in windows(rows, 50.0)]
