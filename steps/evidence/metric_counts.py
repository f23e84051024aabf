"""One metric's counts: from series as they were read to strata of both arms, each event once."""

from collections.abc import Mapping, Sequence
from math import inf

from steps.evidence.counters.aggregated_series import aggregating_scrapers
from steps.evidence.counters.aggregated_series import aggregation_note as sums_note
from steps.evidence.counters.counter_deltas import CounterDeltas
from steps.evidence.counters.duplicate_scrapes import DuplicateScrapes
from steps.evidence.counters.scrape_alignment import ScrapeWindow, closed_windows
from steps.evidence.counters.scraper_failover import ScraperFailover
from steps.evidence.counters.strata import Increases, build_strata, count_events, stable_targets
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.standard_metrics import MetricDefinition, SeriesDefinition
from steps.evidence.definitions.upstreams import UNKNOWN, names_no_service
from steps.evidence.discovery.reporter import Reporter
from steps.evidence.missing_series import MissingSeries
from steps.evidence.prometheus_api.samples import RawSeries, ScrapeTarget, target_of
from steps.model.evidence import Arm, MetricEvidence, Problem, Series


class MetricCounts:
    """Counts the series of one metric.

    Args:
        started: when the run began, unix seconds: where a baseline is compared, stable's series count until then.
        summed: seconds between the samples where sums by class are read in place of every series; 0 = they are not.

    Attributes:
        queries: PromQL as sent last, the metric's own first.
    """

    def __init__(
        self, source: MetricDefinition, arms: ArmLabels, reporter: Reporter, started: float, summed: int = 0
    ) -> None:
        self.source, self.summed = source, summed
        self._arms, self._reporter, self._started = arms, reporter, started
        self._ledger = CounterDeltas(source.classify, self._newborn, resets=not summed, ends=self._ends)
        self._lacks = MissingSeries(source, arms)
        self._doubles = DuplicateScrapes(own_labels=source.arms is not None, coarse=bool(summed))
        self._timelines = ScraperFailover()
        self._own: set[ScrapeTarget] = set()
        self._beside: tuple[SeriesDefinition, ...] | None = None
        self._counted: Increases = {}
        self.queries: tuple[str, ...] = ()

    @property
    def newest(self) -> float:
        """Time of the newest sample, or 0 while there is none."""
        return self._ledger.newest

    @property
    def series(self) -> int:
        """Number of series seen so far."""
        return self._ledger.series

    @property
    def stable(self) -> list[dict[str, str]]:
        """Labels of stable's series that were seen so far."""
        return [labels for key in self._ledger.keys if self._arms.arm_of(labels := dict(key)) is Arm.STABLE]

    def take(self, main: Sequence[RawSeries], lost: Sequence[RawSeries], since: float) -> None:
        """Take in the answers of a reading whose range began at `since`.

        Args:
            main: the metric's series.
            lost: series of an unknown workload, which may be the app's.
            since: unix seconds.
        """
        self._lacks.note(main)
        self._own.update(series.scraper for series in main)
        found = [*main, *(series for series in lost if self._is_ours(series))]
        if not self.summed:
            self._ledger.sums |= aggregating_scrapers(found)
        self._doubles.note(found)
        self._ledger.feed(found, since)
        self._counted = self._timelines.view(self._ledger.cells, self._doubles.groups())
        if self._beside is None and self.source.beside is not None and main:
            # By stable's past, once: what the canary does must not choose what it is judged by.
            stable = [series.labels for series in main if self._arms.arm_of(series.labels) is Arm.STABLE]
            self._beside = self.source.beside.definitions(stable)

    def _is_ours(self, series: RawSeries) -> bool:
        """Tell whether a series of an unknown workload is the app's.

        One that names no service counts where the same proxy serves the app: a gateway does not say more.
        """
        known = series.scraper in self._own or not names_no_service(series.labels)
        return known and self.source.classify(series) is not None

    def _newborn(self, series: RawSeries) -> bool:
        """A pod's own proxy begins at 0, and the canary's pods are young; of other proxies nobody knows.

        A caller's proxy has a series of an unknown workload from its first such failure on.
        """
        arms, labels = self._arms, series.labels
        if self._is_lost(labels):
            return self._ledger.oldest < series.samples[0][0]
        is_young = arms.arm_of(labels) is Arm.CANARY or (bool(arms.control) and not arms.is_past(labels))
        return not self.summed and self._by_pod and is_young

    def _ends(self, series: RawSeries) -> float:
        """Where a baseline is compared, stable's requests are its past, those of its Service as well."""
        arms, labels = self._arms, series.labels
        past = arms.is_past(labels)
        if arms.control and arms.upstreams is not None and self._is_lost(labels):
            past = arms.upstreams.attribute(labels, baseline=True) is Arm.STABLE
        return self._started if past else inf

    def _is_lost(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a series is of requests that no upstream was chosen for."""
        return self._arms.upstreams is not None and labels.get("destination_workload") == UNKNOWN

    @property
    def _by_pod(self) -> bool:
        """Whether each target counts for one arm alone, as a pod does for itself."""
        if self._ledger.sums and not self.summed:
            return False
        return self._lacks.one_arm_each if self.source.arms is not None else self._reporter.name == "destination"

    @property
    def _aligned(self) -> bool | None:
        """Whether whatever counts the canary counts stable in the same scrape; None = as the reporter does."""
        return None if self.source.arms is None else self._lacks.always_stable

    def counted(self) -> Increases:
        """Give the increases by target, each event once, however many scrapers saw it."""
        return self._counted

    def cells(self, now: float) -> list[ScrapeWindow]:
        """Give the closed cells, oldest first."""
        return closed_windows({target: sorted(scrapes) for target, scrapes in self.counted().items() if scrapes}, now)

    def evidence(self, closed: Sequence[ScrapeWindow]) -> list[MetricEvidence]:
        """Give the metric's strata over the closed cells, and those of the metric beside it."""
        source, counted, started = self.source, self.counted(), self._started
        pods = self._pods(counted)

        def series(defined: SeriesDefinition) -> Series:
            label, bound, definition = defined
            return Series(build_strata(counted, closed, definition, started, pods), bound, label)

        nobody = 0
        if source.unclassified is not None:
            nobody = count_events(counted, closed, (Arm.CANARY, source.unclassified), started)
        found = [
            MetricEvidence(
                name=source.name, kind=source.kind, series=tuple(map(series, source.definitions)), unit=source.unit,
                weight=source.weight, dropped_deltas=self._ledger.dropped, unclassified=nobody, queries=self.queries,
                floor=source.floor, aligned=self._aligned,
                objective=series(source.objective) if source.objective else None,
            )
        ]  # fmt: skip
        if source.beside is not None and self._beside is not None:
            further = tuple(map(series, self._beside))
            found.append(
                MetricEvidence(
                    name=source.beside.name, kind=source.beside.kind, series=further, weight=source.beside.weight,
                    dropped_deltas=self._ledger.dropped, queries=self.queries, aligned=self._aligned,
                )
            )  # fmt: skip
        return found

    def _pods(self, counted: Increases) -> list[ScrapeTarget]:
        """Give stable's pods, where targets are pods: callers that count failed requests for stable are not."""
        own = {target_of(scraper) for scraper in self._own}
        return [target for target in stable_targets(counted) if target in own] if self._by_pod else []

    def notes(self) -> list[str]:
        """Give sentences about the series that were read."""
        sums = [sums_note(self.source.name)] if self._ledger.sums and not self.summed else []
        return sums + self._doubles.notes()

    def bounds_problem(self) -> Problem | None:
        """Tell whether an arm lacks a bucket bound that was chosen."""
        return self._lacks.bounds_problem()

    def absence_problem(self) -> Problem | None:
        """Tell whether an arm lacks a required metric altogether."""
        return self._lacks.absence_problem() if self.queries else None
