"""Warm-up: a young canary is slower than an old stable (caches, pools, compilers), whatever its version.

The scrapes in which some canary pod was younger than `warmup_seconds` are left out of latency, the only metric in which
the comparison would be unfair; errors and the absolute guard count from the first request on. Scrapes are chosen by the
age of the pods, which does not depend on the outcome of requests, so the test stays valid.
"""

from dataclasses import replace
from typing import Final

from steps.judge.rules import Rules
from steps.model.evidence import Counts, Health, MetricEvidence, MetricKind, Stratum

_NO_REQUESTS: Final = Counts(0, 0)


def without_warmup(metric: MetricEvidence, health: Health | None, rules: Rules) -> MetricEvidence:
    """Return the metric without the canary's requests of the times in which its pods were warming up."""
    if health is None or metric.kind is not MetricKind.LATENCY or not rules.warmup_seconds or not health.ready_at:
        return metric
    spans = [(at, at + rules.warmup_seconds) for at in health.ready_at]

    def trimmed(stratum: Stratum) -> Stratum:
        young = any(stratum.end > begin and stratum.start < end for begin, end in spans)
        return replace(stratum, canary=_NO_REQUESTS) if young and stratum.canary.total else stratum

    return replace(metric, series=tuple(replace(s, strata=tuple(map(trimmed, s.strata))) for s in metric.series))


def is_warming(whole: MetricEvidence, warm: MetricEvidence, rules: Rules) -> bool:
    """Return whether a metric keeps too few scrapes for a pass after the warm-up, although requests came."""
    if whole is warm:
        return False
    kept, came = (
        sum(1 for stratum in metric.series[-1].strata if stratum.canary.total) if metric.series else 0
        for metric in (warm, whole)
    )
    return kept < rules.min_strata and came > kept
