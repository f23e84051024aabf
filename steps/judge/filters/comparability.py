"""A stable that fails so much that its other metrics describe its failures, not its work, and cannot be compared.

Failures are often answered at once, or only after a timeout, so a canary that works must not be called slow for that:
latency is left out of the comparison. And a failed request has no class of answer, so a canary with its usual 404s must
not be compared with requests that got no answer: answers are compared among the requests that did not fail.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from steps.judge.statistics.strata import arm_counts
from steps.model.evidence import Arm, Counts, MetricEvidence, MetricKind, Series, Stratum

_MUCH: Final = 0.2
"""Stable's share of failures from which its other metrics cannot be compared."""

_MAJORITY: Final = 0.5
"""The canary's share of one class of answers that needs an explanation if stable has no answer to compare with."""


def stable_is_incomparable(metrics: Sequence[MetricEvidence]) -> bool:
    """Return whether stable fails a lot while the canary has traffic, and the canary at most half as much."""
    errors = _errors(metrics)
    heard = next((i for i, s in enumerate(errors) if s.canary.total), len(errors))
    stable, canary = arm_counts(errors[heard:], Arm.STABLE), arm_counts(errors[heard:], Arm.CANARY)
    if not stable.total or not canary.total:
        return False
    share = stable.bad / stable.total
    return share >= _MUCH and canary.bad / canary.total <= share / 2.0


def without_failed_requests(metric: MetricEvidence, metrics: Sequence[MetricEvidence]) -> MetricEvidence:
    """Return a metric of answers without the requests that failed; other metrics unchanged."""
    if metric.kind is not MetricKind.ANSWERS:
        return metric
    failed = {stratum.end: stratum for stratum in _errors(metrics)}
    return replace(metric, series=tuple(_without(series, failed) for series in metric.series))


def unexplained(metric: MetricEvidence, min_bad: int) -> Series | None:
    """Return a class that most of the canary's answers have, if stable has no answer to compare with; else None."""
    for series in metric.series if metric.kind is MetricKind.ANSWERS else ():
        exposed = [stratum for stratum in series.strata if stratum.canary.total]
        canary = arm_counts(exposed, Arm.CANARY)
        if not arm_counts(exposed, Arm.STABLE).total and canary.bad >= max(min_bad, _MAJORITY * canary.total):
            return series
    return None


def _errors(metrics: Sequence[MetricEvidence]) -> tuple[Stratum, ...]:
    return next((one.series[0].strata for one in metrics if one.kind is MetricKind.ERRORS and one.series), ())


def _without(series: Series, failed: dict[float, Stratum]) -> Series:
    def rest(stratum: Stratum) -> Stratum:
        errors = failed.get(stratum.end)
        if errors is None:
            return stratum
        pods = tuple(_less(pod, bad) for pod, bad in zip(stratum.stable_pods, errors.stable_pods, strict=False))
        return replace(
            stratum, stable=_less(stratum.stable, errors.stable), canary=_less(stratum.canary, errors.canary),
            stable_pods=pods if len(pods) == len(stratum.stable_pods) else (),
        )  # fmt: skip

    return replace(series, strata=tuple(map(rest, series.strata)))


def _less(counts: Counts, errors: Counts) -> Counts:
    left = max(0, counts.total - errors.bad)
    return Counts(left, min(counts.bad, left))
