"""Sentences of a pass: first the verdict and the errors, since results are cut; then what would have been caught."""

from collections.abc import Sequence
from dataclasses import dataclass

from steps.judge.wording.phrases import percent, scrapes, span
from steps.model.evidence import Counts, MetricKind
from steps.model.judgement import MetricJudgement, SeriesJudgement

Metrics = Sequence[tuple[MetricJudgement, int]]
"""Metrics, each with the index of the series to show, the main one first."""

_TOTAL = 0.995
"""Rounds to 100 %."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One metric at weight 100: its counts, and the rules that judged it.

    Attributes:
        name: of the metric, with its series if it has several.
        counts: the canary's at this weight.
        rules: "at most 1.0 % by --success-slo", "3/2400 on its earlier rungs".
    """

    name: str
    counts: Counts
    rules: tuple[str, ...]


def objective_kept(allowed: float, flag: str) -> str:
    """Name an objective that judged the canary at weight 100."""
    return f"at most {percent(allowed)} by {flag}"


def reference(past: Counts, where: str) -> str:
    """Name the reference that judged the canary at weight 100."""
    return f"{past.bad}/{past.total} {where}"


def healthy(
    metrics: Sequence[tuple[MetricJudgement, int]], requests: int, strata: int, detectable: float, bad: str
) -> str:
    """Explain a pass by "no-harm".

    Args:
        metrics: the compared ones.
        requests: of the canary.
        strata: scrapes with canary traffic.
        detectable: smallest share (0-1) that would have been caught.
        bad: the bad requests of the main metric: "failures".
    """
    power = f"a rise to {percent(detectable)} {bad} or more would have been caught"
    if detectable >= _TOTAL:
        power = "only a total failure would have been caught"
    return _joined("healthy", metrics, f"with {requests} canary requests in {scrapes(strata)} {power}")


def better(metrics: Metrics, name: str, limit: float, requests: int, strata: int, alpha: float) -> str:
    """Explain a pass of a canary that is better beyond doubt in metric `name`; `limit` is of canary/stable rate."""
    rate = "failure rate" if name == MetricKind.ERRORS else f"rate of bad requests in {name}"
    shown = f"{limit:.2f}" if limit >= 0.01 else "0.01"  # noqa: PLR2004 - the smallest that two digits show
    proof = f"at most {shown} times stable's {rate} ({100 * (1 - alpha):g} % confidence)"
    return _joined("better", metrics, f"{proof}, with {requests} canary requests in {scrapes(strata)}")


def proven(metrics: Metrics, requests: int, strata: int, difference: float) -> str:
    """Explain a pass by "proven"."""
    names = ", ".join(metric.name for metric, _ in metrics)
    proof = f"the canary is worse by less than {percent(difference)} in {names}"
    return _joined("proven", metrics, f"with {requests} canary requests in {scrapes(strata)} {proof}")


def at_full_weight(watched: Sequence[Watched], strata: int, detectable: float | None) -> str:
    """Explain a pass at weight 100, where objectives and a reference judge."""
    counted = _watched(watched, strata, detectable)
    return f"healthy at weight 100: {counted}; stable has no requests to compare with"


def alone(watched: Sequence[Watched], strata: int, detectable: float | None) -> str:
    """Explain the pass of a hotfix, which objectives judge."""
    return f"healthy as a hotfix: {_watched(watched, strata, detectable)}; not compared with stable, which is broken"


def by_probes(passed: str, seconds: float, missing: str) -> str:
    """Explain the pass of a hotfix by its probes, although requests say too little."""
    return f"healthy as a hotfix by its probes alone: {passed}, for {span(seconds)}; of requests: {missing}"


def _watched(watched: Sequence[Watched], strata: int, detectable: float | None) -> str:
    parts = [f"{one.name} {one.counts.bad}/{one.counts.total} ({', '.join(one.rules)})" for one in watched]
    power = "" if detectable is None else f"; a rise to {percent(detectable)} failures or more would have been caught"
    more = "".join(f"; {part}" for part in parts[1:])
    return f"{''.join(parts[:1])} in {scrapes(strata)}{power}{more}"


def _joined(verdict: str, metrics: Metrics, text: str) -> str:
    counts = [_counts(metric, metric.series[worst], first=not i) for i, (metric, worst) in enumerate(metrics)]
    return "; ".join([f"{verdict}: {counts[0]}", text, *counts[1:]]) if counts else f"{verdict}: {text}"


def _counts(metric: MetricJudgement, series: SeriesJudgement, *, first: bool) -> str:
    """Return both arms' counts: "errors canary 3/51 v. stable 0/450", "latency (p99) 1/51 v. 4/450"."""
    name = f"{metric.name} ({series.label})" if series.label else metric.name
    stable = f"{series.stable_bad}/{series.stable_total}" if series.stable_total else "no request"
    canary = f"{series.canary_bad}/{series.canary_total}"
    return f"{name} canary {canary} v. stable {stable}" if first else f"{name} {canary} v. {stable}"
