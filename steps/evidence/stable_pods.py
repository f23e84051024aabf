"""Stable's pods by their own proxies' counts, where others (gateways, callers, waypoints) count the comparison.

A gateway does not say which pod answered. But stable's own bad minutes, and the usual differences between its pods, are
facts about pods. So the pods' own series (reporter "destination") are read for them, and for nothing else: the arms are
compared by what the chosen reporter counted.
"""

from collections.abc import Sequence
from typing import Final

from steps.evidence.counters.aggregated_series import aggregating_scrapers
from steps.evidence.counters.counter_deltas import CounterDeltas
from steps.evidence.counters.duplicate_scrapes import DuplicateScrapes
from steps.evidence.counters.scrape_alignment import ScrapeWindow
from steps.evidence.counters.scraper_failover import ScraperFailover
from steps.evidence.counters.strata import Increases, PodIncreases, split_by_pod, stable_targets
from steps.evidence.definitions.promql import DESTINATION
from steps.evidence.definitions.standard_metrics import MetricDefinition
from steps.evidence.prometheus_api.samples import RawSeries

NO_PODS: Final[PodIncreases] = ()


class StablePods:
    """Counts one metric of each of stable's pods.

    Args:
        definition: of the metric; its classes also hold for the pods' own series.
        budget: maximum number of series; with more of them the pods are not told apart.

    Attributes:
        is_given_up: stable's pods have no series of their own, too many, or sums: nothing more needs to be read.
    """

    def __init__(self, definition: MetricDefinition, budget: int) -> None:
        self._deltas = CounterDeltas(definition.classify, lambda _: False)
        self._duplicates, self._failover = DuplicateScrapes(), ScraperFailover()
        self._budget = budget
        self._increases: Increases = {}
        self.is_given_up = False

    def add(self, found: Sequence[RawSeries], since: float) -> None:
        """Count the samples of one poll, whose range began at `since` (unix seconds)."""
        own = [series for series in found if series.labels.get("reporter") == DESTINATION]
        if not (own or self._increases) or aggregating_scrapers(own):
            self.is_given_up = True
            return
        self._duplicates.add(own)
        self._deltas.add(own, since)
        self._increases = self._failover.by_target(self._deltas.increases, self._duplicates.groups())
        self.is_given_up = self._deltas.series > self._budget

    def in_windows(self, windows: Sequence[ScrapeWindow]) -> list[PodIncreases]:
        """Return the increases of each pod in each window; empty ones if there are no pods to tell apart."""
        if self.is_given_up:
            return [NO_PODS] * len(windows)
        return split_by_pod(self._increases, windows, stable_targets(self._increases))
