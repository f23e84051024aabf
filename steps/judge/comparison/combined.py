"""The fail statistic: all metrics combined in one e-process, so that more metrics do not mean more false alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from steps.judge.comparison.metric_result import MetricResult, is_harmful
from steps.judge.rules import Rules


@dataclass(frozen=True, slots=True)
class Alarm:
    """The moment the fail statistic crossed its line, and the metric that carried most of it."""

    at: float
    metric: MetricResult
    value: float


def combined_path(results: Sequence[MetricResult]) -> list[tuple[float, float]]:
    """Return (end of stratum, sum of weight * e) in order of time; metrics without a new value keep theirs.

    Valid under any dependence of the metrics: the weights sum to 1, so the mean stays at most 1 (Vovk and Wang 2021).
    """
    weights = [one.judgement.weight for one in results]
    values = list(weights)
    events = sorted((end, i, value) for i, one in enumerate(results) for end, value in one.values)
    path: list[tuple[float, float]] = []
    for end, together in groupby(events, key=itemgetter(0)):
        for _, i, value in together:
            values[i] = value * weights[i]
        path.append((end, sum(values)))
    return path


def first_alarm(results: Sequence[MetricResult], path: Sequence[tuple[float, float]], rules: Rules) -> Alarm | None:
    """Return the first alarm, or None.

    Only metrics whose difference up to that moment is worth acting on count (minimum of bad requests, floor): leaving
    the others out lowers the statistic, so it stays valid.
    """
    line = rules.line
    for end, value in path:
        if value < line:
            continue
        if found := _alarm_at(results, end, line, rules):
            return found
    return None


def _alarm_at(results: Sequence[MetricResult], end: float, line: float, rules: Rules) -> Alarm | None:
    """Return the alarm at `end` if the metrics whose difference matters reach the line together."""
    parts = [(_value_at(one, end) * one.judgement.weight, one) for one in results]
    parts.sort(key=lambda pair: pair[0], reverse=True)
    left, reached, worst = sum(part for part, _ in parts), 0.0, None
    for part, one in parts:  # the largest first: once the rest cannot reach the line, it need not be looked at
        if left + reached < line:
            return None
        left -= part
        if _is_harmful_at(one, end, rules):
            reached, worst = reached + part, worst or one
    return Alarm(end, worst, reached) if worst is not None and reached >= line else None


def _value_at(one: MetricResult, end: float) -> float:
    return next((value for at, value in reversed(one.values) if at <= end), 1.0)


def _is_harmful_at(one: MetricResult, end: float, rules: Rules) -> bool:
    floor = one.judgement.floor
    for series, path in zip(one.evidence.series, one.paths, strict=True):
        strata = series.strata[path.exposed :]
        if is_harmful(tuple(stratum for stratum in strata if stratum.end <= end), floor, rules):
            return True
    return False
