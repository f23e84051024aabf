"""Requests that reach Deployments, by the mesh's counters in Prometheus."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import structlog

from steps.evidence.definitions.metric_names import REQUESTS
from steps.evidence.definitions.promql import equal_matcher, extra_matchers, one_of_matcher, selector
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.evidence.prometheus_api.samples import RawSeries, parse_matrix
from steps.model.arrivals import Arrivals, LookAtArrivals

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_BEFORE_SECONDS: Final = 150.0
"""How far back the earlier rate is read; two scrapes of a slow Prometheus are in it."""

_LONGEST_SECONDS: Final = 1800.0
_SKEW_SECONDS: Final = 2.0
"""Clocks of two servers that differ less agree: Prometheus tells its time in whole seconds."""

_UNKNOWN: Final = frozenset({"", "unknown"})
_MOST_FAILURES: Final = 2


class PrometheusArrivals:
    """Counts by asking Prometheus.

    Args:
        prometheus: the client.
        metric: the requests counter, "" for Istio's.
        label: that names the workload.
        more: further matchers, see `ArmLabels.more`.
        values: Deployment → its value of `label`, where that is not its name.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        metric: str = "",
        label: str = "destination_workload",
        more: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        self._prometheus, self._metric, self._label = prometheus, metric or REQUESTS, label
        self._more, self._values = more or {}, values or {}

    def watch(self, namespace: str, deployments: tuple[str, ...], since: float) -> LookAtArrivals:
        """Begin to count; see `ArrivalSource`."""
        values = [self._values.get(name, name) for name in deployments]
        matchers = [
            one_of_matcher(self._label, values),
            equal_matcher("destination_workload_namespace", namespace),
            *extra_matchers(self._more),
        ]

        failed = 0

        def look(now: float) -> Arrivals | None:
            nonlocal failed
            if failed > _MOST_FAILURES:
                return None  # each attempt costs its timeout
            seconds = round(min(_LONGEST_SECONDS, max(0.0, now - since) + _BEFORE_SECONDS))
            try:
                answer = self._prometheus.query(f"{selector(self._metric, matchers)}[{seconds}s]")
                series = [one for one in parse_matrix(answer.result) if one.samples and _is_of_users(one)]
            except EvidenceError as fault:
                failed += 1
                log.warning("drain.prometheus_failed", detail=fault.problem.sentence)
                return None
            skew = answer.at - now
            begin = since + (skew if abs(skew) > _SKEW_SECONDS else 0.0)
            found = counted(series, begin, begin - _BEFORE_SECONDS)
            return None if found is None else _shifted(found, since - begin)

        return look


def counted(series: Sequence[RawSeries], since: float, begin: float) -> Arrivals | None:
    """Return what series of a counter show of the time since a moment, None without any.

    Args:
        series: as scraped.
        since: when the side lost its weight.
        begin: when the series begin to be read.
    """
    newest: dict[object, float] = {}
    for one in series:
        newest[one.scraper] = max(newest.get(one.scraper, 0.0), one.samples[-1][0])
    if not newest:
        return None
    interval = _interval(series)
    latest = max(newest.values())
    living = {scraper for scraper, at in newest.items() if at >= latest - 2.5 * interval}
    events = [event for one in series for event in _increases(one, begin + 1.5 * interval)]
    until = min(newest[scraper] for scraper in living)
    last = max((at for _, at, _ in events if at > since), default=0.0)
    earlier = sum(more for _, at, more in events if at <= since)
    now = sum(more for _, at, more in events if at > latest - 0.5 * interval and at > since)
    rate = now / interval if interval else 0.0
    return Arrivals("Prometheus", since, until, last, earlier / max(1.0, since - begin), interval, rate)


def _increases(one: RawSeries, began_after: float) -> Iterable[tuple[float, float, float]]:
    """Yield (scrape before, scrape, requests in between); a series that begins late began with its first requests."""
    (first, value), *_ = one.samples
    if value and first > began_after:
        yield first, first, value
    for (before, old), (at, new) in zip(one.samples, one.samples[1:], strict=False):
        if new != old:
            yield before, at, new - old if new > old else new


def _interval(series: Sequence[RawSeries]) -> float:
    gaps = [after[0] - before[0] for one in series for before, after in zip(one.samples, one.samples[1:], strict=False)]
    return statistics.median(gaps) if gaps else 30.0


def _is_of_users(one: RawSeries) -> bool:
    """Return whether the requests came through the mesh: kubelet's health checks have no source there."""
    labels = one.labels
    is_direct = (
        labels.get("reporter") == "destination"
        and {
            labels.get("source_workload", ""),
            labels.get("source_principal", ""),
        }
        <= _UNKNOWN
    )
    return not is_direct


def _shifted(found: Arrivals, seconds: float) -> Arrivals:
    """Return the same by the API server's clock."""
    last = found.last + seconds if found.last else 0.0
    return Arrivals(
        found.source,
        found.counted_from + seconds,
        found.until + seconds,
        last,
        found.before_per_second,
        found.interval,
        found.per_second,
    )
