"""The detectable effect: the smallest share of failures that would have been caught, or will be by the deadline.

A pass only means something together with it: with little traffic, "healthy" may just mean "not enough seen".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from steps.judge.checks.sample_size import main_series
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.power.counterfactual import AlarmRule, Counterfactual
from steps.judge.power.power_search import smallest_detectable_share
from steps.judge.rules import Rules
from steps.judge.statistics.histories import track_history
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.statistics.strata import first_exposed
from steps.judge.wording import notes
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum

_RECENT: Final = 60
"""Recent strata from which the coming traffic is estimated."""

_MAX_COMING: Final = 60
"""Maximum number of strata into which the coming traffic is divided."""


def detectable_share(weighed: MetricResult, rules: Rules, ratios: LikelihoodRatio) -> float | None:
    """Return the smallest bad share (0-1) of the canary that would have been caught nine times in ten.

    Assumes that each request since the canary's first exposure (on the first rung of the run) had failed with this
    chance, with traffic, scrapes and stable's counts as observed. "Caught" is a `fail` by this metric's comparison or
    its guard at one of the judgements up to now; alarms of other metrics are not counted. None if even a canary that
    fails everything would have gone unnoticed.
    """
    series, path = weighed.evidence.series[weighed.worst], weighed.paths[weighed.worst]
    judged = weighed.judgement
    line = len(weighed.paths) / (rules.alpha * judged.weight)
    alarm = AlarmRule(line, judged.floor, _allowed(weighed.evidence.kind, rules), path.aligned)
    if not any(stratum.canary.total and stratum.stable.total for stratum in series.strata):
        return None
    counterfactual = Counterfactual(series.strata, path.histories, alarm, rules, ratios)
    return smallest_detectable_share(counterfactual.totals, counterfactual.alarms, rules.min_bad)


def _allowed(kind: MetricKind, rules: Rules) -> float | None:
    guarded = kind is MetricKind.ERRORS and rules.success_slo is not None
    return max(1.0 - rules.success_slo, 1e-6) if guarded and rules.success_slo is not None else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What can be detected by the deadline, if the traffic stays as it is.

    Attributes:
        per_second: canary requests a second. requests: of the canary by the deadline.
        ratio: smallest share of failures (0-1) that would be caught nine times in ten; None = not even a total failure.
    """

    per_second: float
    requests: float
    ratio: float | None
    sentence: str


def forecast(evidence: Evidence, rules: Rules, seconds: float) -> Forecast | None:
    """Return what a rung of `seconds` can show, by the traffic of both arms so far; None without weight or traffic.

    The same question as `detectable_share`, about a canary that gets traffic like the latest for `seconds`, after a
    history like stable's.
    """
    series = main_series(evidence)
    strata = series.strata[-_RECENT:] if series else ()
    time = sum(stratum.end - stratum.start for stratum in strata)
    if series is None or not evidence.weight or len(strata) < rules.min_strata or time <= 0:
        return None
    rate = sum(s.stable.total + s.canary.total for s in strata) / time
    part = evidence.weight / 100.0
    metric = next(metric for metric in evidence.metrics if series in metric.series)
    ratio = _forecast_share(series, metric, evidence, rules, seconds)
    sentence = notes.forecast(rate * part, rate * part * seconds, seconds, ratio)
    return Forecast(rate * part, rate * part * seconds, ratio, sentence)


def _forecast_share(
    series: Series, metric: MetricEvidence, evidence: Evidence, rules: Rules, seconds: float
) -> float | None:
    floor = rules.floors[metric.kind] if metric.floor is None else metric.floor
    weight = metric.weight / sum(one.weight for one in evidence.metrics)
    aligned = evidence.aligned if metric.aligned is None else metric.aligned
    alarm = AlarmRule(len(metric.series) / (rules.alpha * weight), floor, _allowed(metric.kind, rules), aligned)
    past = [replace(stratum, canary=Counts(0, 0)) for stratum in series.strata]
    coming = _coming(series.strata[-_RECENT:], evidence, seconds)
    if not any(stratum.canary.total and stratum.stable.total for stratum in coming):
        return None
    # So little traffic may be coming that the first strata have no request of the canary: it meets none until then.
    exposed = len(coming) - first_exposed(coming)
    histories = [track_history(past).history] * exposed
    counterfactual = Counterfactual((*past, *coming), histories, alarm, rules, LikelihoodRatio(rules.ratio))
    return smallest_detectable_share(counterfactual.totals, counterfactual.alarms, rules.min_bad)


def _coming(recent: Sequence[Stratum], evidence: Evidence, seconds: float) -> tuple[Stratum, ...]:
    """Return the strata of the next `seconds`, evenly filled with the average of the recent ones."""
    count = max(1, min(_MAX_COMING, round(seconds / max(evidence.scrape_interval_seconds, 1e-3))))
    time = sum(stratum.end - stratum.start for stratum in recent)
    rate = sum(stratum.stable.total + stratum.canary.total for stratum in recent) / time
    part = (evidence.weight or 0) / 100.0
    stable = sum(stratum.stable.total for stratum in recent)
    share = sum(stratum.stable.bad for stratum in recent) / stable if stable else 0.0
    whole = rate * seconds
    parts = (whole * (1.0 - part), whole * (1.0 - part) * share, whole * part)
    steps = [[round(amount * k / count) for amount in parts] for k in range(count + 1)]
    length, began = seconds / count, recent[-1].end
    return tuple(
        Stratum(
            began + k * length,
            began + (k + 1) * length,
            Counts(after[0] - before[0], after[1] - before[1]),
            Counts(after[2] - before[2], 0),
            recent[-1].stable_pods,
        )
        for k, (before, after) in enumerate(pairwise(steps))
    )
