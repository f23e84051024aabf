"""Mann-Whitney's interval of a location shift, as in R's wilcox.test(exact = FALSE), and effect sizes.

Sources: R's stats::wilcox.test and its zeroin (Brent, Algorithms for Minimization Without Derivatives, 1973), which
spinnaker/kayenta @ a69573be follows, continuity correction and absolute tolerance of 1e-4 included.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan, sqrt
from statistics import NormalDist, mean, variance
from sys import float_info
from typing import Final

import numpy as np

TOLERANCE: Final = 1e-4
_ROUNDS: Final = 1000


@dataclass(frozen=True)
class Interval:
    """Limits of the shift of the first sample against the second, and its estimate (Hodges-Lehmann)."""

    low: float
    high: float
    estimate: float


def interval(x: Sequence[float], y: Sequence[float], confidence: float) -> Interval:
    """Return the interval.

    Raises:
        ValueError: all observations are tied.
    """
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    start, end = float(first.min() - second.max()), float(first.max() - second.min())
    quantile = NormalDist().inv_cdf((1.0 + confidence) / 2.0)

    def score(shift: float) -> float:
        return standard_score(first - shift, second)

    at_start, at_end = score(start), score(end)

    def root(line: float) -> float:
        if at_start - line <= 0:
            return start
        if at_end - line >= 0:
            return end
        return zero(lambda shift: score(shift) - line, start, end, at_start - line, at_end - line)

    return Interval(root(quantile), root(-quantile), zero(score, start, end, at_start, at_end))


def standard_score(x: "np.typing.NDArray[np.float64]", y: "np.typing.NDArray[np.float64]") -> float:
    """Return the rank-sum statistic of x in standard deviations, corrected for continuity and ties."""
    n, m = len(x), len(y)
    _, inverse, ties = np.unique(np.concatenate([x, y]), return_inverse=True, return_counts=True)
    ranks = np.cumsum(ties) - (ties - 1) / 2.0
    statistic = float(ranks[inverse[:n]].sum()) - n * (n + 1) / 2.0 - n * m / 2.0
    tied = float((ties.astype(np.float64) ** 3 - ties).sum())
    square = n * m / 12.0 * (n + m + 1 - tied / ((n + m) * (n + m - 1)))
    if square <= 0:
        raise ValueError("all observations are tied")
    return (statistic - 0.5 * float(np.sign(statistic))) / sqrt(square)


def zero(f: Callable[[float], float], a: float, b: float, fa: float, fb: float) -> float:
    """Find a root of f in [a, b] by Brent's method, to an absolute tolerance of 1e-4."""
    c, fc = a, fa
    if fa == 0:
        return a
    for _ in range(_ROUNDS):
        previous = b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        least = 2 * float_info.epsilon * abs(b) + TOLERANCE / 2
        step = (c - b) / 2
        if abs(step) <= least or fb == 0:
            return b
        if abs(previous) >= least and abs(fa) > abs(fb):
            step = _interpolated(a, b, c, fa, fb, fc, step, previous, least)
        if abs(step) < least:
            step = least if step > 0 else -least
        a, fa = b, fb
        b += step
        fb = f(b)
        if (fb > 0) == (fc > 0) and fb != 0 and fc != 0:
            c, fc = a, fa
    return b


def _interpolated(
    a: float, b: float, c: float, fa: float, fb: float, fc: float, step: float, previous: float, least: float
) -> float:
    """Return the secant's or the inverse parabola's step if it stays inside, else the bisection's `step`."""
    width, slope = c - b, fb / fa
    if a == c:
        p, q = width * slope, 1.0 - slope
    else:
        q, other = fa / fc, fb / fc
        p = slope * (width * q * (q - other) - (b - a) * (other - 1.0))
        q = (q - 1.0) * (other - 1.0) * (slope - 1.0)
    p, q = (p, -q) if p > 0 else (-p, q)
    inside = p < 0.75 * width * q - abs(least * q) / 2 and p < abs(previous * q / 2)
    return p / q if inside else step


def mean_ratio(x: Sequence[float], y: Sequence[float]) -> float:
    """Return mean(x) / mean(y), NaN if either is 0."""
    first, second = mean(x), mean(y)
    return nan if first == 0 or second == 0 else first / second


def cles(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the common language effect size: the chance that a value of x is above one of y, ties half."""
    first, second = np.asarray(x)[:, None], np.asarray(y)[None, :]
    return float((first > second).mean() + 0.5 * (first == second).mean())


def cohen_d(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the difference of the means in pooled standard deviations."""
    n, m = len(x), len(y)
    pooled = ((n - 1) * variance(x) + (m - 1) * variance(y)) / (n + m - 2)
    return (mean(x) - mean(y)) / sqrt(pooled)
