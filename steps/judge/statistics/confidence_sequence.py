"""Confidence sequence of the ratio canary rate / stable rate: limits that hold at all times together.

The limits are the null ratios that an e-process over the strata does not reject, as every confidence sequence is an
inverted test (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021).
"""

from collections.abc import Sequence
from math import exp, log
from typing import Final

from steps.model.evidence import Stratum

_FROM: Final = log(0.01)
_STEP: Final = log(10.0) / 8
_POINTS: Final = 49
"""The ratio is searched on a grid from 0.01 to 10 000, eight points a decade."""

_SHIFTS: Final = (2, 4, 8, 14, 24)
"""Alternatives, in grid points: 1.8, 3.2, 10, 56 and 1 000 times the ratio under test."""


def ratio_limits(strata: Sequence[Stratum], alpha: float, phi: float) -> tuple[float | None, float | None]:
    """Return the lower and upper limit (confidence 1 - alpha) of canary rate / stable rate; None if there is none."""
    logs = _log_likelihoods(strata, phi)
    line = log(2.0 / alpha) + log(len(_SHIFTS))
    kept = [i for i in range(_POINTS) if not _rejected(logs, i, line)]
    if not kept:
        return None, None
    low = exp(_FROM + kept[0] * _STEP) if kept[0] > 0 else None
    high = exp(_FROM + kept[-1] * _STEP) if kept[-1] < _POINTS - 1 else None
    return low, high


def _rejected(logs: list[float], index: int, line: float) -> bool:
    here = logs[index]
    above = _log_sum([logs[min(index + shift, _POINTS - 1)] - here for shift in _SHIFTS])
    below = _log_sum([logs[max(index - shift, 0)] - here for shift in _SHIFTS])
    return max(above, below) >= line


def _log_likelihoods(strata: Sequence[Stratum], phi: float) -> list[float]:
    grid = [(_FROM + i * _STEP, exp(_FROM + i * _STEP) - 1.0) for i in range(_POINTS)]
    sums = [0.0] * _POINTS
    for stratum in strata:
        bad, total = stratum.canary.bad + stratum.stable.bad, stratum.canary.total + stratum.stable.total
        if not bad or not stratum.canary.total or not stratum.stable.total:
            continue
        part, mine = stratum.canary.total / total, stratum.canary.bad
        sums = [old + mine * ln - bad * log(1.0 + part * rate) for old, (ln, rate) in zip(sums, grid, strict=True)]
    return [value / phi for value in sums]


def _log_sum(values: list[float]) -> float:
    top = max(values)
    return top + log(sum(exp(value - top) for value in values))
