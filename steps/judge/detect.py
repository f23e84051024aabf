"""What would have been caught: the honest half of a pass."""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

from steps.judge import sentences
from steps.judge.enough import main_series
from steps.judge.odds import GAIN_WEIGHTS, Odds
from steps.judge.process import CONSTANT, START_NOW
from steps.judge.rules import Rules
from steps.judge.weigh import Weighed
from steps.model.evidence import Evidence, MetricKind

_NINE_OF_TEN: Final = 1.2816
_RECENT: Final = 60
"""Strata from which the traffic to come is guessed."""


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


@dataclass(frozen=True, slots=True)
class Foresight:
    """What can be detected by the deadline, if traffic stays as it is.

    Attributes:
        per_second: canary requests a second. requests: of the canary by the deadline.
        ratio: smallest share of failures (0-1) that would be caught nine times out of ten; None = not even all.
    """

    per_second: float
    requests: float
    ratio: float | None
    sentence: str


def foresee(evidence: Evidence, rules: Rules, seconds: float) -> Foresight | None:
    """Tell what a rung of `seconds` can show, from the traffic of both arms so far; None without weight or traffic."""
    series = main_series(evidence)
    strata = series.strata[-_RECENT:] if series else ()
    time = sum(stratum.end - stratum.start for stratum in strata)
    if series is None or not evidence.weight or len(strata) < rules.min_strata or time <= 0:
        return None
    rate = sum(s.stable.total + s.canary.total for s in strata) / time
    stable_seen, stable_bad = sum(s.stable.total for s in strata), sum(s.stable.bad for s in strata)
    part = evidence.weight / 100.0
    canary, stable = round(rate * part * seconds), round(rate * (1.0 - part) * seconds)
    share = stable_bad / stable_seen if stable_seen else 0.0
    weights = sum(metric.weight for metric in evidence.metrics)
    errors = next((m.weight for m in evidence.metrics if series in m.series), weights)
    line = weights / (rules.alpha * errors)
    ratio = None
    if canary and stable:
        needed = _least_bad(canary, stable, round(share * stable), line, 1.0, rules, Odds(rules.ratio))
        floor = share + rules.floors[MetricKind.ERRORS]
        ratio = None if needed is None else max(floor, min(1.0, _share_reaching(needed, canary)))
    said = sentences.foreseen(rate * part, rate * part * seconds, seconds, ratio)
    return Foresight(rate * part, rate * part * seconds, ratio, said)


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
