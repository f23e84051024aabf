"""The Kayenta comparator on the cases of Kayenta's own unit tests (tolerance .10, confidence .95 unless said).

Where those tests carry long vectors, data of the same law are drawn here.
"""

from math import isnan
from random import Random
from typing import Any

import pytest

from tests.bench.rules.kayenta_judge import Classified, Config, Label, classify, percentile, score, without_outliers
from tests.bench.rules.mann_whitney import cles, cohen_d, interval, standard_score

HIGH_E, HIGH_C = [20.0, 22, 21, 25, 30], [1.0, 2.2, 1.1, 2.5, 3]
RISING = [1.0, 2, 3, 4, 5]
ONES = [1.0] * 5


def config(**options: Any) -> Config:
    """Return a configuration with the tests' tolerance and confidence."""
    return Config(**{"tolerance": 0.10, "confidence": 0.95, **options})


def normal(seed: int, mean: float, deviation: float, count: int = 30) -> list[float]:
    """Draw normal values."""
    chance = Random(seed)
    return [chance.gauss(mean, deviation) for _ in range(count)]


CASES: dict[str, tuple[list[float], list[float], Config, Label, bool]] = {
    "1 effect": (HIGH_E, HIGH_C, config(allowed=(0.8, 1.2)), Label.HIGH, False),
    "2 critical": (HIGH_E, HIGH_C, config(critical=True, critical_at=(1, 1.2)), Label.HIGH, True),
    "2 critical by defaults": (HIGH_E, HIGH_C, config(critical=True), Label.HIGH, True),
    "3 critical, below its line": (
        HIGH_E, HIGH_C, config(critical=True, allowed=(1, 5), critical_at=(1, 13)), Label.HIGH, False,
    ),
    "4 effect too small": (
        HIGH_E, HIGH_C, config(critical=True, allowed=(1, 13), critical_at=(1, 15)), Label.PASS, False,
    ),
    "5 decrease too small": (
        [10, 12.2, 10.1, 12.5, 23], [20, 22, 21, 25, 30], config(allowed=(0.5, 1.0)), Label.PASS, False,
    ),
    "6 low and critical": (
        [2, 2, 2, 2, 3], [10, 20.2, 10.1, 20.5, 30], config(critical=True, critical_at=(1.2, 1.0)), Label.LOW, True,
    ),
    "7 one constant": ([1, 1, 1], [1, 1], config(direction="decrease"), Label.PASS, False),
    "7 same in another order": (RISING, RISING[::-1], config(direction="decrease"), Label.PASS, False),
    "7 one zero": ([0, 1, 1, 1, 1], ONES, config(direction="decrease"), Label.PASS, False),
    "8 no data": ([], RISING, config(direction="decrease"), Label.NODATA, False),
    "8 no data, critical": ([], RISING, config(direction="decrease", critical=True), Label.NODATA, True),
    "8 no data, replaced": ([], RISING, config(direction="decrease", replace_nan=True), Label.PASS, False),
    "9 one spike": ([1, 1, 1, 1, 10], ONES, config(), Label.PASS, False),
    "10 constants": ([10] * 5, ONES, config(), Label.HIGH, False),
    "10 constant over zero": ([10] * 5, [0] * 5, config(), Label.HIGH, False),
    "11 over zeros": ([54.9, 54.5, 55.1, 55.6, 57.4], [0] * 5, config(allowed=(0.8, 1.2)), Label.HIGH, False),
    "11 swapped": ([0] * 5, [54.9, 54.5, 55.1, 55.6, 57.4], config(allowed=(0.8, 1.2)), Label.LOW, False),
    "12 small rates over zeros": (
        [0.05, 0.05, 0.0166667, 0.0166667, 0.0166667, 0.05, 0.0333333, 0.05, 0.05, 0.1333333], [0] * 10,
        config(replace_nan=True, critical=True, critical_at=(0.8, 1.2)), Label.HIGH, True,
    ),
    "13 zeros": ([0] * 5, [0] * 5, config(), Label.PASS, False),
    "14 equal laws": (normal(1, 10, 2), normal(2, 10, 2), config(), Label.PASS, False),
    "14 twice": (normal(1, 20, 2), normal(2, 10, 2), config(), Label.HIGH, False),
    "14 half": (normal(1, 10, 2), normal(2, 20, 2), config(), Label.LOW, False),
    "14 twice, decrease asked": (normal(1, 20, 2), normal(2, 10, 2), config(direction="decrease"), Label.PASS, False),
    "14 half, increase asked": (normal(1, 10, 2), normal(2, 20, 2), config(direction="increase"), Label.PASS, False),
    "16 rates of 1e-5": (
        normal(1, 1.2e-5, 4e-6, 60), normal(2, 1e-5, 4e-6, 60),
        config(measure="cles", allowed=(0.5, 0.8), tolerance=0.2, confidence=0.98), Label.PASS, False,
    ),
    "16 ten times": (
        normal(1, 5e-3, 5e-4, 60), normal(2, 5e-4, 1e-4, 60),
        config(measure="cles", allowed=(0.2, 0.8), tolerance=0.2, confidence=0.98), Label.HIGH, False,
    ),
    "16 a fifth less": (
        normal(1, 21, 1), normal(2, 25, 1),
        config(measure="cles", allowed=(0.2, 0.8), tolerance=0.2, confidence=0.98), Label.LOW, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_metrics_are_classified_as_kayenta_does(name: str) -> None:
    """Class, and whether the metric is a critical failure."""
    experiment, control, options, label, critical = CASES[name]
    found = classify(experiment, control, options)
    assert (label, critical) == (found.label, found.critical)


def test_effect_over_zero_is_not_a_number_and_equal_zeros_are_one() -> None:
    """Cases 11 and 13."""
    assert isnan(classify([54.9, 54.5, 55.1], [0.0] * 3, config()).effect)
    assert classify([0.0] * 5, [0.0] * 5, config()).effect == 1.0


def test_zero_inflated_percents_are_high_unless_the_effect_must_be_fivefold() -> None:
    """Case 15: mostly zero in both, some per cents in the canary."""
    chance = Random(15)
    canary = [chance.choice([1.0, 2.0, 3.0, 5.0]) if chance.random() < 0.45 else 0.0 for _ in range(210)]
    baseline = [chance.choice([1.0, 2.0]) if chance.random() < 0.2 else 0.0 for _ in range(210)]
    assert Label.HIGH is classify(canary, baseline, config()).label
    assert Label.PASS is classify(canary, baseline, config(allowed=(1, 5))).label


def test_interval_of_eight_values_is_that_of_r() -> None:
    """Case 17."""
    found = interval([10, 20, 30, 40], [1, 2, 3, 4], 0.95)
    assert [found.low, found.high, found.estimate] == pytest.approx([6, 39, 22.5], abs=1e-3)


@pytest.mark.parametrize(("count", "confidence"), [(90, 0.95), (180, 0.98), (850, 0.98)])
def test_interval_with_ties_ends_where_the_score_crosses_the_quantile(count: int, confidence: float) -> None:
    """Case 18: the statistic is a falling step function; its steps at the limits stand on either side of the line."""
    chance = Random(count)
    x, y = ([float(chance.choice([0, 0, 0, 1, 2, 5])) for _ in range(count)] for _ in range(2))
    found = interval(x, y, confidence)
    line = {0.95: 1.959964, 0.98: 2.326348}[confidence]
    for limit, wanted in ((found.low, line), (found.high, -line), (found.estimate, 0.0)):
        before, after = (_score(x, y, limit + move) for move in (-2e-4, 2e-4))
        assert before >= wanted >= after
    assert found.low - 2e-4 <= found.estimate <= found.high + 2e-4


def _score(x: list[float], y: list[float], shift: float) -> float:
    import numpy as np  # noqa: PLC0415 - only here

    return standard_score(np.asarray(x) - shift, np.asarray(y))


def test_outliers_are_what_lies_beyond_the_fences_and_the_outer_percentiles() -> None:
    """Case 19."""
    assert without_outliers([21, 23, 24, 25, 50, 29, 23, 21], 1.5) == [21, 23, 24, 25, 29, 23, 21]
    assert without_outliers([1, 1, 1, 5, -1, -1, -1, -5], 1.5) == [1, 1, 1, -1, -1, -1]


def test_percentiles_and_effect_sizes() -> None:
    """Case 20."""
    values = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]
    assert [percentile(values, share) for share in (0.05, 0.5, 1.0)] == pytest.approx([0.175, 1.75, 3.5])
    assert cles(values, values) == 0.5
    assert cohen_d([5, 5, 5, 10, 10, 10], [1, 1, 1, 2, 2, 2]) == pytest.approx(3.03821, abs=1e-5)


P, H, L, N = (Classified(label) for label in (Label.PASS, Label.HIGH, Label.LOW, Label.NODATA))


@pytest.mark.parametrize(
    ("groups", "weights", "wanted"),
    [
        ([[P]], None, 100), ([[H]], None, 0), ([[P, H]], None, 50), ([[P, H, L]], None, 33.33), ([[N]], None, 0),
        ([[P, P], [N]], None, 100), ([[P, P], [H]], (75, 25), 75), ([[P, P], [H]], (25, 75), 25),
        ([[P, H], [H]], (50, 50), 25), ([[P, N], [H]], (50, 50), 50), ([[H, L, P], [H]], (15, 85), 5.0),
        ([[Classified(Label.HIGH, critical=True), P]], None, 0),
        ([[Classified(Label.NODATA, critical=True), P, P]], None, 0), ([[L, P]], None, 50),
    ],
)  # fmt: skip
def test_scores(groups: list[list[Classified]], weights: tuple[float, ...] | None, wanted: float) -> None:
    """Cases 21 to 23."""
    names = "abc"[: len(groups)]
    found = score(dict(zip(names, groups, strict=True)), dict(zip(names, weights, strict=True)) if weights else None)
    assert wanted == found
