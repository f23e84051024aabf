"""Which series are sums over pods, as recording rules and federations make them: their fall tells nothing.

By labels: a series without instance and pod is a sum. One that came through a federation has the instance of the
Prometheus it came from, so the workloads are looked at as well: a proxy reports itself as one workload only.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from steps.evidence.prometheus_api.samples import INSTANCE_LABELS, POD_LABELS, RawSeries, ScrapeTarget

_SELF: Final = {"source": "source_workload", "destination": "destination_workload"}
"""The label by which a proxy names its own workload, by reporter; a waypoint names neither."""

_UNKNOWN: Final = frozenset({"", "unknown"})


def is_aggregated(labels: Mapping[str, str]) -> bool:
    """Tell whether nothing in a series' labels names the proxy it is from: then it is a sum over proxies."""
    return not any(labels.get(label) for label in (*POD_LABELS, *INSTANCE_LABELS))


def aggregating_scrapers(answer: Iterable[RawSeries]) -> set[ScrapeTarget]:
    """Give the scrapers of an answer whose series are sums.

    Two workloads of one target are a sum if one scrape shows both: an address may go from one pod to another.
    """
    found: set[ScrapeTarget] = set()
    seen: dict[tuple[ScrapeTarget, str], dict[float, tuple[str, str]]] = {}
    for series in answer:
        scraper, labels = series.scraper, series.labels
        reporter = labels.get("reporter", "")
        workload = labels.get(_SELF.get(reporter, ""), "")
        if is_aggregated(labels):
            found.add(scraper)
        elif workload not in _UNKNOWN and scraper not in found:
            own = workload, labels.get(f"{reporter}_workload_namespace", "")
            times = seen.setdefault((scraper, reporter), {})
            if any(times.setdefault(at, own) != own for at, _ in series.samples):
                found.add(scraper)
    return found


def aggregation_note(name: str) -> str:
    """Give the sentence about sums for the reader of the judgement."""
    return (
        f"{name}: the series are sums over pods (a recording rule or a federation made them): a fall of a sum is not"
        " counted, and pods cannot be told apart"
    )
