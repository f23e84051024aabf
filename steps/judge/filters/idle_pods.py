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
    if metric.kind is not MetricKind.LATENCY or not _may_differ(evidence, health):
        return metric
    series = tuple(_busy_only(one, health) if _is_small(one, metric.unit) else one for one in metric.series)
    return metric if series == metric.series else replace(metric, series=series)


def idle_note(before: MetricEvidence, after: MetricEvidence, health: Health | None) -> str | None:
    """Return the note on what `without_idle` left out of the newest scrape with canary requests, if anything."""
    for given, left in zip(before.series, after.series, strict=True):
        newest = next((s for s in reversed(given.strata) if s.canary.total), None)
        if newest is not None and given is not left and not _at(left, newest.end).canary.total:
            canary, stable = _loads(newest, health)
            bounds = [s.bound for s in before.series if s.bound is not None and _is_small(s, before.unit)]
            return notes.idle_pods(max(bounds), before.unit, canary, stable)
    return None


def _may_differ(evidence: Evidence, health: Health | None) -> bool:
    """A baseline has as many pods and requests as the canary; at weight 100 there is nothing to compare with."""
    return health is not None and health.ready > 0 and not evidence.control and evidence.has_comparison


def _is_small(series: Series, unit: str) -> bool:
    return series.bound is not None and series.bound * (1000.0 if unit == "s" else 1.0) < _SMALL_MS


def _busy_only(series: Series, health: Health | None) -> Series:
    strata = tuple(
        replace(one, canary=_NO_REQUESTS) if one.canary.total and _is_idle(one, health) else one
        for one in series.strata
    )
    return series if strata == series.strata else replace(series, strata=strata)


def _is_idle(stratum: Stratum, health: Health | None) -> bool:
    canary, stable = _loads(stratum, health)
    return canary < _BUSY_PER_SECOND and canary < _COMPARABLE * stable


def _loads(stratum: Stratum, health: Health | None) -> tuple[float, float]:
    """Return the requests per second of one canary pod, and of one of stable's pods (0 if their number is unknown)."""
    seconds = max(stratum.end - stratum.start, 1e-9)
    pods = sum(1 for counts in stratum.stable_pods if counts.total) or (health.stable_pods if health else 0)
    canary = stratum.canary.total / _canary_pods(stratum, health) / seconds
    return canary, stratum.stable.total / pods / seconds if pods else 0.0


def _canary_pods(stratum: Stratum, health: Health | None) -> int:
    """Return how many of the canary's pods served in a scrape: earlier rungs had fewer."""
    if health is None:
        return 1
    return sum(at < stratum.end for at in health.ready_at) or health.ready


def _at(series: Series, end: float) -> Stratum:
    return next(stratum for stratum in reversed(series.strata) if stratum.end == end)
