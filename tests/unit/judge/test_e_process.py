"""The e-process is a fair bet against itself: properties that must hold for every count."""

from math import comb, exp, log

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from steps.judge.rules import Rules
from steps.judge.statistics.chi_square import pearson_chi_square
from steps.judge.statistics.confidence_sequence import ratio_limits
from steps.judge.statistics.e_process import run_e_process, start_prior
from steps.judge.statistics.evidence_cap import majority_share
from steps.judge.statistics.history_tracker import HistoryTracker
from steps.judge.statistics.likelihood_ratio import GAIN_WEIGHTS, GAINS, LikelihoodRatio
from steps.model.evidence import Counts, Stratum

RULES = Rules()
LIMIT = log(100.0)


def stratum(k: int, canary: tuple[int, int], stable: tuple[int, int]) -> Stratum:
    """Make stratum number k from (total, bad) pairs."""
    return Stratum(float(k), k + 1.0, Counts(*stable), Counts(*canary))


def hypergeometric(x: int, canary: int, stable: int, bad: int) -> float:
    """Return the chance that x of `bad` requests fall on the canary when both arms are equal."""
    return comb(canary, x) * comb(stable, bad - x) / comb(canary + stable, bad)


@pytest.mark.parametrize(
    ("canary", "stable", "bad"),
    [(100, 900, 30), (10, 90, 3), (3, 27, 3), (2, 2, 2), (50, 50, 40), (1, 30, 4), (5, 5, 9)],
)
def test_mean_factor_is_at_most_one_when_the_arms_are_equal(canary: int, stable: int, bad: int) -> None:
    """By enumeration of every split of the bad requests, for every alternative."""
    odds = LikelihoodRatio(RULES.ratio)
    means = [0.0] * len(GAINS)
    for x in range(max(0, bad - stable), min(bad, canary) + 1):
        chance = hypergeometric(x, canary, stable, bad)
        for i, value in enumerate(odds.logs_of(canary, x, stable, bad - x)):
            means[i] += chance * exp(value)
    assert max(means) <= 1.0 + 1e-9


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("shares", [(4, 12, 4), (2, 20, 3), (10, 30, 2)])
def test_mean_of_the_whole_process_is_at_most_one(shares: tuple[int, int, int], *, aligned: bool) -> None:
    """Two strata, all outcomes: mixture, caps and division by phi together stay a fair bet."""
    canary, stable, bad = shares
    outcomes = range(max(0, bad - stable), min(bad, canary) + 1)
    mean = 0.0
    for x in outcomes:
        for y in outcomes:
            pair = (stratum(0, (canary, x), (stable, bad - x)), stratum(1, (canary, y), (stable, bad - y)))
            chance = hypergeometric(x, canary, stable, bad) * hypergeometric(y, canary, stable, bad)
            mean += chance * run_e_process(pair, RULES, LIMIT, aligned=aligned).values[-1]
    assert mean <= 1.0 + 1e-9


@given(st.integers(1, 200), st.integers(1, 2000), st.data(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_each_bad_request_speaks_against_the_arm_it_hit(
    canary: int,
    stable: int,
    data: st.DataObject,
    aligned: bool,  # noqa: FBT001
) -> None:
    """With the same number of bad requests in all, one more on the canary's side is never better for it."""
    bad = data.draw(st.integers(1, canary + stable))
    low, high = max(0, bad - stable), min(bad, canary)
    mine = data.draw(st.integers(low, high))
    values = [
        run_e_process((stratum(0, (canary, x), (stable, bad - x)),), RULES, LIMIT, aligned=aligned).values[-1]
        for x in (mine, min(mine + 1, high))
    ]
    assert values[1] >= values[0] - 1e-9


@given(st.integers(20, 200), st.integers(0, 10), st.integers(0, 10))
@example(22, 9, 8)
def test_more_bad_canary_requests_are_never_better(canary: int, bad: int, stable_bad: int) -> None:
    """With stable's counts fixed and too few bad requests for most of the canary's to be bad (see `scale_by_phi`)."""
    less, more = (
        run_e_process((stratum(0, (canary, x), (9 * canary, stable_bad)),), RULES, LIMIT, aligned=True).values[-1]
        for x in (bad, bad + 1)
    )
    possible = bad + 1 + stable_bad >= majority_share(()) * canary
    assert possible or more >= less - 1e-9


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 300)), max_size=10), st.booleans())
def test_strata_without_canary_or_without_bad_requests_say_nothing(pairs: list[tuple[int, int]], aligned: bool) -> None:  # noqa: FBT001
    """No traffic is a factor of 1, and so is a stratum in which nothing was bad."""
    quiet = tuple(stratum(i, (canary, 0), (stable, 0)) for i, (canary, stable) in enumerate(pairs))
    assert all(value == 1.0 for value in run_e_process(quiet, RULES, LIMIT, aligned=aligned).values)
    silent = tuple(stratum(i, (0, 0), (stable, stable // 2)) for i, (_, stable) in enumerate(pairs))
    assert run_e_process(silent, RULES, LIMIT, aligned=aligned).values == ()


def test_priors_sum_to_one() -> None:
    """Start and gain are probability distributions."""
    assert sum(start_prior(k) for k in range(200_000)) == pytest.approx(1.0, abs=1e-4)
    assert sum(GAIN_WEIGHTS) == pytest.approx(1.0)


def test_one_stratum_alone_never_decides() -> None:
    """No matter how bad it is, aligned or not."""
    bad = (stratum(0, (1000, 1000), (9000, 0)),)
    assert max(run_e_process(bad, RULES, LIMIT, aligned=True).values) < 100
    assert max(run_e_process(bad, RULES, LIMIT, aligned=False).values) < 100


def test_equal_shocks_leave_no_evidence() -> None:
    """An outage of both arms at once speaks against neither."""
    shocks = tuple(stratum(i, (100, 60), (900, 540)) for i in range(5))
    assert max(run_e_process(shocks, RULES, LIMIT, aligned=True).values) < 2


def test_shorter_strata_do_not_add_evidence() -> None:
    """The same counts in ten times as many strata give no alarm either."""
    coarse = tuple(stratum(i, (100, 1), (900, 9)) for i in range(6))
    fine = tuple(stratum(i, (10, i % 10 == 0), (90, 1 if i % 10 else 0)) for i in range(60))
    assert max(run_e_process(coarse, RULES, LIMIT, aligned=False).values) < 5
    assert max(run_e_process(fine, RULES, LIMIT, aligned=False).values) < 5


def test_phi_finds_batches_and_leaves_independent_requests_alone() -> None:
    """Batches that hit one pod at a time raise phi; one pod that is always worse does not."""
    batches, odd, even = HistoryTracker(), HistoryTracker(), HistoryTracker()
    for k in range(200):
        counts = [[Counts(100, 10 if pod == k % 5 else 0) for pod in range(5)],
                  [Counts(100, 20 if pod == 2 else 2) for pod in range(5)],
                  [Counts(100, 2 + (pod + k) % 3 - 1) for pod in range(5)]]  # fmt: skip
        for spread, pods in zip((batches, odd, even), counts, strict=True):
            whole = Counts(500, sum(pod.bad for pod in pods))
            spread.add(Stratum(k, k + 1, whole, Counts(0, 0), tuple(pods)))
    assert batches.phi > 5
    assert odd.phi < 1.5
    assert even.phi < 1.5


def test_pearson_of_known_cells() -> None:
    """10 and 30 of 100 each: chi-square 12.5."""
    assert pearson_chi_square([(100, 10), (100, 30)], [1.0, 1.0], 40) == pytest.approx(12.5)


def test_limits_enclose_the_observed_ratio() -> None:
    """A canary ten times as bad."""
    strata = tuple(stratum(i, (100, 10), (900, 9)) for i in range(20))
    low, high = ratio_limits(strata, 0.01, 1.0)
    assert low is not None
    assert high is not None
    assert 4 < low < 10 < high < 25
