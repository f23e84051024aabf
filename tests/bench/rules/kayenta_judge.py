"""Kayenta's NetflixACAJudge as a comparator: preparation, classification, scores. Written from its description.

Source: spinnaker/kayenta @ a69573be, judge "NetflixACAJudge-v1.0". Its conformance cases are tests/unit/bench.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isnan, nan
from typing import Final

from tests.bench.rules.mann_whitney import cles, interval, mean_ratio

TOLERANCE: Final = 0.25
CONFIDENCE: Final = 0.98
"""What the judge sets; the classifier's own default for the confidence is .95."""

_NOISE: Final = 1e-5
_HALF: Final = 50.0
_WHOLE: Final = 100.0


class Label(StrEnum):
    """Class of a metric."""

    PASS = "Pass"
    HIGH = "High"
    LOW = "Low"
    NODATA = "Nodata"
    NODATA_FAIL = "NodataFailMetric"
    ERROR = "Error"


@dataclass(frozen=True)
class Config:
    """A metric's settings, named as in Kayenta, with its defaults; limits are (decrease, increase)."""

    direction: str = "either"
    replace_nan: bool = False
    critical: bool = False
    must_have_data: bool = False
    remove_outliers: bool = False
    outlier_factor: float = 3.0
    measure: str = "meanRatio"
    allowed: tuple[float, float] | None = None
    critical_at: tuple[float, float] | None = None
    tolerance: float = TOLERANCE
    confidence: float = CONFIDENCE

    @property
    def neutral(self) -> float:
        """The effect size that means "no difference"."""
        return 1.0 if self.measure == "meanRatio" else 0.5


@dataclass(frozen=True)
class Classified:
    """A metric's class, its effect size, and whether it ends the canary by itself."""

    label: Label
    effect: float = nan
    critical: bool = False


def classify(experiment: Sequence[float], control: Sequence[float], config: Config) -> Classified:
    """Prepare and classify one metric."""
    x, y = prepare(experiment, config), prepare(control, config)
    if not x or not y:
        return _empty(config)
    if sorted(x) == sorted(y) or len({*x, *y}) == 1:
        return Classified(Label.PASS, 1.0)
    if len(set(x)) == len(set(y)) == 1:
        x, y = _noisy(x), _noisy(y)
    try:
        found = interval(x, y, config.confidence)
    except ValueError:
        return Classified(Label.ERROR)
    effect = mean_ratio(x, y) if config.measure == "meanRatio" else cles(x, y)
    least, most = config.allowed or (config.neutral, config.neutral)
    lowest, highest = config.critical_at or (config.neutral, config.neutral)
    bound = config.tolerance * abs(found.estimate)
    if config.direction != "decrease" and found.low > bound and (isnan(effect) or effect >= most):
        return Classified(Label.HIGH, effect, config.critical and (isnan(effect) or effect >= highest))
    if config.direction != "increase" and found.high < -bound and (isnan(effect) or effect <= least):
        return Classified(Label.LOW, effect, config.critical and (isnan(effect) or effect <= lowest))
    return Classified(Label.PASS, effect)


def _empty(config: Config) -> Classified:
    if config.replace_nan:
        return Classified(Label.PASS)
    if config.must_have_data and not config.critical:
        return Classified(Label.NODATA_FAIL)
    return Classified(Label.NODATA, critical=config.critical)


def _noisy(values: Sequence[float]) -> list[float]:
    chance = random.Random(1)
    return [chance.gauss(value, _NOISE * abs(value)) for value in values]


def prepare(values: Sequence[float], config: Config) -> list[float]:
    """Handle NaN, and leave out outliers if asked to."""
    found = [0.0 if isnan(value) else value for value in values if config.replace_nan or not isnan(value)]
    return without_outliers(found, config.outlier_factor) if config.remove_outliers and found else found


def without_outliers(values: Sequence[float], factor: float) -> list[float]:
    """Leave out values beyond Q1 - factor * IQR or Q3 + factor * IQR, and beyond the 1st or 99th percentile."""
    first, third = percentile(values, 0.25), percentile(values, 0.75)
    low = min(first - factor * (third - first), percentile(values, 0.01))
    high = max(third + factor * (third - first), percentile(values, 0.99))
    return [value for value in values if low <= value <= high]


def percentile(values: Sequence[float], share: float) -> float:
    """Interpolate a percentile (R-7)."""
    ordered = sorted(values)
    position = (len(ordered) - 1) * share
    index = min(int(position), len(ordered) - 2) if len(ordered) > 1 else 0
    upper = ordered[min(index + 1, len(ordered) - 1)]
    return ordered[index] + (position - index) * (upper - ordered[index])


def score(groups: Mapping[str, Sequence[Classified]], weights: Mapping[str, float] | None = None) -> float:
    """Return the summary score, 0-100; groups without a weight share the rest."""
    metrics = [one for group in groups.values() for one in group]
    missing = sum(one.label is Label.NODATA for one in metrics)
    if any(one.critical for one in metrics) or (metrics and _WHOLE * missing / len(metrics) >= _HALF):
        return 0.0
    given = dict(weights or {})
    free = [name for name in groups if name not in given]
    rest = (_WHOLE - sum(given.values())) / len(free) if free else 0.0
    return round(sum(_group(group) * given.get(name, rest) / _WHOLE for name, group in groups.items()), 2)


def _group(metrics: Sequence[Classified]) -> float:
    counted = [one for one in metrics if one.label not in {Label.NODATA, Label.ERROR}]
    return _WHOLE * sum(one.label is Label.PASS for one in counted) / len(counted) if counted else _WHOLE
