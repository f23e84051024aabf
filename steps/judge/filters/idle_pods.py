"""Idle pods: a pod that gets few requests answers each of them a little slower, whatever its version.

Between two requests other processes take its CPU and its caches. An HTTP server that answers in 5 ms at 50 requests a
second took 7 to 10 ms at 5 a second, and 5 ms again at 25 (docs/judge.md has the command). On the first rungs the
canary's only pod gets such a trickle while stable's pods are busy. So latency bounds that are small enough for this are
compared only while the arms' pods have a comparable load. Scrapes are chosen by their number of requests, which does
not depend on the outcome of requests, so the test stays valid.
"""

from dataclasses import replace
from typing import Final

from steps.judge.wording import notes
from steps.model.evidence import Counts, Evidence, Health, MetricEvidence, MetricKind, Series, Stratum

_BUSY_PER_SECOND: Final = 20.0
"""Requests per second and pod from which a pod is as fast as it will be."""

_COMPARABLE: Final = 0.5
"""Part of the load of one of stable's pods from which a canary pod is compared with it."""

_SMALL_MS: Final = 25.0
"""Latency bounds below this are smaller than what an idle pod may add, or not much larger."""

_NO_REQUESTS: Final = Counts(0, 0)


def without_idle(metric: MetricEvidence, evidence: Evidence, health: Health | None) -> MetricEvidence:
    """Return a latency metric without the canary's requests of idle pods, in the series of small bounds."""
    if metric.kind is not MetricKind.LATENCY or health is None or not _may_differ(evidence, health):
        return metric
    series = tuple(_busy_only(one, health) if _is_small(one, metric.unit) else one for one in metric.series)
    return metric if series == metric.series else replace(metric, series=series)


def idle_note(whole: MetricEvidence, busy: MetricEvidence, health: Health | None) -> str | None:
    """Return the note on what `without_idle` left out of the newest scrape with canary requests, if anything."""
    if health is None or whole.kind is not MetricKind.LATENCY:
        return None
    for given, left in zip(whole.series, busy.series, strict=True):
        newest = max((number for number, one in enumerate(given.strata) if one.canary.total), default=None)
        if newest is not None and not left.strata[newest].canary.total:
            bounds = [one.bound for one in whole.series if one.bound is not None and _is_small(one, whole.unit)]
            return notes.idle_pods(max(bounds), whole.unit, *_loads(given.strata[newest], health))
    return None


def _may_differ(evidence: Evidence, health: Health) -> bool:
    """A baseline has as many pods and requests as the canary; at weight 100 there is nothing to compare with."""
    return health.ready > 0 and not evidence.control and evidence.has_comparison


def _is_small(series: Series, unit: str) -> bool:
    return series.bound is not None and series.bound * (1000.0 if unit == "s" else 1.0) < _SMALL_MS


def _busy_only(series: Series, health: Health) -> Series:
    def busy(stratum: Stratum) -> Stratum:
        is_left_out = stratum.canary.total and _is_idle(stratum, health)
        return replace(stratum, canary=_NO_REQUESTS) if is_left_out else stratum

    return replace(series, strata=tuple(map(busy, series.strata)))


def _is_idle(stratum: Stratum, health: Health) -> bool:
    canary, stable = _loads(stratum, health)
    return canary < _BUSY_PER_SECOND and canary < _COMPARABLE * stable


def _loads(stratum: Stratum, health: Health) -> tuple[float, float]:
    """Return the requests per second of one canary pod, and of one of stable's pods (0 if their number is unknown)."""
    seconds = max(stratum.end - stratum.start, 1e-9)
    # Earlier rungs had fewer pods of the canary.
    canary_pods = sum(at < stratum.end for at in health.ready_at) or health.ready
    stable_pods = sum(1 for counts in stratum.stable_pods if counts.total) or health.stable_pods
    stable = stratum.stable.total / stable_pods / seconds if stable_pods else 0.0
    return stratum.canary.total / canary_pods / seconds, stable
