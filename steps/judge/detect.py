"""What would have been caught: the honest half of a pass."""

from math import exp, log, sqrt
from typing import Final

from steps.judge.odds import GAIN_WEIGHTS, Odds
from steps.judge.process import CONSTANT, START_NOW
from steps.judge.rules import Rules
from steps.judge.weigh import Weighed

_NINE_OF_TEN: Final = 1.2816


def detectable_share(weighed: Weighed, rules: Rules, odds: Odds) -> float | None:
    """Give the smallest bad share (0-1) of the canary that would have raised the alarm nine times out of ten.

    Supposes that the fault is there from the first request on, evenly, with stable's requests as observed.
    None when even a canary that fails everything would have gone unnoticed.
    """
    series = weighed.judgement.series[weighed.worst]
    canary, stable = series.canary_total, series.stable_total
    if not canary or not stable:
        return None
    line = 1.0 / (rules.alpha * weighed.judgement.weight / max(1, len(weighed.paths)))
    needed = _least_bad(canary, stable, series.stable_bad, line, max(series.phi, 1.0), rules, odds)
    if needed is None:
        return None
    floor = series.stable_ratio + weighed.judgement.floor
    return max(floor, min(1.0, _share_reaching(needed, canary)))


def _least_bad(
    canary: int, stable: int, stable_bad: int, line: float, phi: float, rules: Rules, odds: Odds
) -> int | None:
    low, high = rules.min_bad - 1, canary
    if high <= low or _value(canary, high, stable, stable_bad, phi, odds) < line:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _value(canary, middle, stable, stable_bad, phi, odds) >= line else (middle, high)
    return high


def _value(canary: int, bad: int, stable: int, stable_bad: int, phi: float, odds: Odds) -> float:
    """Give the e-value of a fault that was there from the start, as one stratum without a cap."""
    logs = odds.logs_of(canary, bad, stable, stable_bad)
    top = max(logs) / phi
    if top + log(START_NOW * CONSTANT) > log(1e100):
        return 1e100
    return START_NOW * CONSTANT * sum(w * exp(value / phi) for w, value in zip(GAIN_WEIGHTS, logs, strict=True))


def _share_reaching(needed: int, total: int) -> float:
    """Give the share at which nine draws in ten have at least `needed` bad of `total` (normal approximation)."""
    low, high = needed / total, 1.0
    for _ in range(30):
        middle = (low + high) / 2.0
        reached = middle * total - _NINE_OF_TEN * sqrt(total * middle * (1.0 - middle)) >= needed - 0.5
        low, high = (low, middle) if reached else (middle, high)
    return high
