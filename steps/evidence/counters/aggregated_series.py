"""Series that are sums over pods, as recording rules and federations make them: a drop of a sum is not a restart.

A series without labels for instance and pod is a sum. A series from a federation has the instance of the Prometheus it
came from, so workloads are checked as well: a proxy reports itself as one workload only.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from steps.evidence.prometheus_api.samples import INSTANCE_LABELS, POD_LABELS, RawSeries, ScrapeTarget

_SELF: Final = {"source": "source_workload", "destination": "destination_workload"}
"""The label by which a proxy names its own workload, by reporter; a waypoint names neither."""

_UNKNOWN: Final = frozenset({"", "unknown"})


def is_aggregated(labels: Mapping[str, str]) -> bool:
    """Return whether no label of a series names its proxy: then it is a sum over proxies."""
    return not any(labels.get(label) for label in (*POD_LABELS, *INSTANCE_LABELS))


def aggregating_scrapers(answer: Iterable[RawSeries]) -> set[ScrapeTarget]:
    """Return the scrapers of a response whose series are sums.

    Two workloads of one target are a sum if one scrape has both: an address may move from one pod to another.
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
    """Return the sentence about sums for the judgement."""
    return (
        f"{name}: the series are sums over pods (from a recording rule or a federation): a drop of a sum is not"
        " counted, and pods cannot be told apart"
    )
