"""The second opinion: a textbook test, which must itself be right to say anything about ours."""

from math import exp, log, sqrt

import numpy as np
import pytest

from steps.model.evidence import Counts, Stratum
from tests.bench.rules.mixture_sprt import ALPHA, first_alarm, log_ratio, mixture_sprt
from tests.bench.simulation.families import FAMILIES
from tests.bench.simulation.rollout import rollout


def test_the_ratio_is_that_of_the_paper_for_arms_of_equal_size() -> None:
    """With n pairs, V = 2 p (1 - p) and the pooled share p."""
    n, tau, x, y = 1000, 0.01, 0.02, 0.05
    p = (x + y) / 2
    v = 2 * p * (1 - p)
    wanted = sqrt(v / (v + n * tau**2)) * exp(n**2 * tau**2 * (y - x) ** 2 / (2 * v * (v + n * tau**2)))
    assert log_ratio(Counts(n, 20), Counts(n, 50)) == pytest.approx(log(wanted))


def test_a_better_canary_never_alarms() -> None:
    """The rule has one side."""
    assert 0.0 == log_ratio(Counts(1000, 500), Counts(1000, 0))
    assert 0.0 == log_ratio(Counts(1000, 5), Counts(0, 0))


def test_equal_arms_alarm_in_at_most_alpha_of_the_rollouts_however_often_it_looks() -> None:
    """A hundred looks each, 300 rollouts; the expected number is below 3, and 8 are too many."""
    rng = np.random.default_rng(5)
    alarms = sum(first_alarm(_strata(rng, 0.02, 0.02)) is not None for _ in range(300))
    assert alarms <= 8
    assert ALPHA == 0.01


def test_a_canary_that_fails_a_fifth_is_found_soon() -> None:
    """Within the same few scrapes as ours."""
    assert (first_alarm(_strata(np.random.default_rng(6), 0.001, 0.2)) or 1e9) <= 45.0
    found = mixture_sprt(rollout(FAMILIES["errors 20 %, 100 rps"], 1)).failed_after
    assert found is not None
    assert found < 60.0


def _strata(rng: np.random.Generator, stable: float, canary: float) -> list[Stratum]:
    return [
        Stratum(
            15.0 * i, 15.0 * (i + 1), Counts(1350, int(rng.binomial(1350, stable))),
            Counts(150, int(rng.binomial(150, canary))),
        ) for i in range(100)
    ]  # fmt: skip
