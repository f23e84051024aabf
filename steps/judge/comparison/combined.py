"""The fail statistic: all metrics combined in one e-process, so that more metrics do not mean more false alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from steps.judge.comparison.metric_result import MetricResult
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

    Only series whose difference up to that moment is worth acting on count (see `harm`): leaving the others out lowers
    the statistic, so it stays valid.
    """
    line = rules.line
    for end, value in path:
        if value < line:
            continue
        if found := _alarm_at(results, end, line):
            return found
    return None


def _alarm_at(results: Sequence[MetricResult], end: float, line: float) -> Alarm | None:
    """Return the alarm at `end` if the series whose difference matters reach the line together."""
    parts = [(one.harmful_value(end) * one.judgement.weight, one) for one in results]
    reached, (_, worst) = sum(part for part, _ in parts), max(parts, key=itemgetter(0))
    return Alarm(end, worst, reached) if reached >= line else None
