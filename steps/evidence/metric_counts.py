"""The counts of one metric: from the series that were read to strata of both arms, each event once."""

from collections.abc import Mapping, Sequence
from math import inf

from steps.evidence.counters.aggregated_series import aggregating_scrapers, aggregation_note
from steps.evidence.counters.callers import Callers
from steps.evidence.counters.counter_deltas import CounterDeltas
from steps.evidence.counters.duplicate_scrapes import DuplicateScrapes
from steps.evidence.counters.scrape_alignment import ScrapeWindow, closed_windows
from steps.evidence.counters.scraper_failover import ScraperFailover
from steps.evidence.counters.strata import (
    Increases,
    PodIncreases,
    build_strata,
    count_events,
    split_by_pod,
    stable_targets,
)
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.standard_metrics import MetricDefinition, SeriesDefinition
from steps.evidence.definitions.upstreams import UNKNOWN, names_no_service
from steps.evidence.discovery.reporter import Reporter
from steps.evidence.missing_series import MissingSeries
from steps.evidence.prometheus_api.samples import RawSeries, ScrapeTarget, target_of
from steps.evidence.stable_pods import StablePods
from steps.model.evidence import Arm, MetricEvidence, Problem, Series


class MetricCounts:
    """Counts the series of one metric.

    Args:
        started: when the run began, unix seconds: with a baseline, stable's series only count until then.
        summed: seconds between the samples if sums by class are read in place of every series; 0 = every series is.

    Attributes:
        queries: the PromQL that was sent last, the metric's own first.
    """

    def __init__(
        self, definition: MetricDefinition, arms: ArmLabels, reporter: Reporter, started: float, summed: int = 0
    ) -> None:
        self.definition, self.summed = definition, summed
        self._arms, self._reporter, self._started = arms, reporter, started
        # An application's own metric does not name callers.
        self._callers = Callers(definition.classify) if definition.arms is None else None
        classify = self._callers.classify if self._callers else definition.classify
        self._deltas = CounterDeltas(classify, self._newborn, resets=not summed, ends=self._ends)
        self._missing = MissingSeries(definition, arms)
        self._duplicates = DuplicateScrapes(own_labels=definition.arms is not None, coarse=bool(summed))
        self._failover = ScraperFailover()
        self._own: set[ScrapeTarget] = set()
        self._derived: tuple[SeriesDefinition, ...] | None = None
        self._increases: Increases = {}
        self.queries: tuple[str, ...] = ()

    @property
    def newest(self) -> float:
        """Time of the newest sample, or 0 while there is none."""
        return self._deltas.newest

    @property
    def series(self) -> int:
        """Number of series seen so far."""
        return self._deltas.series

    @property
    def stable(self) -> list[dict[str, str]]:
        """Labels of stable's series so far."""
        return [labels for key in self._deltas.keys if self._arms.arm_of(labels := dict(key)) is Arm.STABLE]

    def add(self, main: Sequence[RawSeries], unattributed: Sequence[RawSeries], since: float) -> None:
        """Count the samples of one poll, whose range began at `since`.

        Args:
            main: the metric's series.
            unattributed: series of an unknown workload; they may be the app's.
            since: unix seconds.
        """
        self._missing.add(main)
        self._own.update(series.scraper for series in main)
        found = [*main, *(series for series in unattributed if self._is_ours(series))]
        if not self.summed:
            self._deltas.sums |= aggregating_scrapers(found)
        self._duplicates.add(found)
        self._deltas.add(found, since)
        increases = self._failover.by_target(self._deltas.increases, self._duplicates.groups())
        self._increases = self._callers.together(increases, self._started) if self._callers else increases
        if self._derived is None and self.definition.derived is not None and main:
            # Chosen once, from stable's past: the canary's behaviour must not decide what it is judged by.
            stable = [series.labels for series in main if self._arms.arm_of(series.labels) is Arm.STABLE]
            self._derived = self.definition.derived.definitions(stable)

    def _is_ours(self, series: RawSeries) -> bool:
        """Return whether a series of an unknown workload is the app's.

        A series that names no service counts if the same proxy also has requests of the app: a gateway says no more.
        """
        known = series.scraper in self._own or not names_no_service(series.labels)
        return known and self.definition.classify(series) is not None

    def _newborn(self, series: RawSeries) -> bool:
        """Return whether a target's first sample began at 0: only a young pod's own proxy is known to.

        The canary's and the baseline's pods are young. A caller's proxy gets a series of an unknown workload with its
        first such failure.
        """
        arms, labels = self._arms, series.labels
        if self._is_unattributed(labels):
            return self._deltas.oldest < series.samples[0][0]
        is_young = arms.arm_of(labels) is Arm.CANARY or (bool(arms.control) and not arms.is_past(labels))
        return not self.summed and self._by_pod and is_young

    def _ends(self, series: RawSeries) -> float:
        """Return until when a series counts: with a baseline, stable's own requests count until the run started."""
        arms, labels = self._arms, series.labels
        past = arms.is_past(labels)
        if arms.control and arms.upstreams is not None and self._is_unattributed(labels):
            past = arms.upstreams.attribute(labels, baseline=True) is Arm.STABLE
        return self._started if past else inf

    def _is_unattributed(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series is of requests that failed before an upstream was chosen."""
        return self._arms.upstreams is not None and labels.get("destination_workload") == UNKNOWN

    @property
    def _by_pod(self) -> bool:
        """Whether each target counts for one arm alone, as a pod's own proxy does."""
        if self._deltas.sums and not self.summed:
            return False
        return self._missing.one_arm_each if self.definition.arms is not None else self._reporter.name == "destination"

    @property
    def _aligned(self) -> bool | None:
        """Whether every target that counts the canary also counts stable in that scrape; None = as the reporter."""
        return None if self.definition.arms is None else self._missing.always_stable

    def increases(self) -> Increases:
        """Return the increases by target; each event counts once, however many scrapers saw it."""
        return self._increases

    def windows(self, now: float) -> list[ScrapeWindow]:
        """Return the closed windows, oldest first."""
        return closed_windows({target: sorted(scrapes) for target, scrapes in self.increases().items() if scrapes}, now)

    def evidence(self, closed: Sequence[ScrapeWindow], own: StablePods | None = None) -> list[MetricEvidence]:
        """Return the metric's strata over the closed windows, and those of the metric that is derived from it.

        `own` are stable's pods by their own proxies' counts, where the metric's series do not tell pods apart.
        """
        definition, increases, started = self.definition, self.increases(), self._started
        pods = own.in_windows(closed) if own is not None else self._pods(increases, closed)

        def series(defined: SeriesDefinition) -> Series:
            label, bound, ratio = defined
            return Series(build_strata(increases, closed, ratio, started, pods), bound, label)

        unclassified = 0
        if definition.unclassified is not None:
            unclassified = count_events(increases, closed, (Arm.CANARY, definition.unclassified), started)
        found = [
            MetricEvidence(
                name=definition.name, kind=definition.kind, series=tuple(map(series, definition.definitions)),
                unit=definition.unit, weight=definition.weight, dropped_deltas=self._deltas.dropped,
                unclassified=unclassified, queries=self.queries, floor=definition.floor, aligned=self._aligned,
                objective=series(definition.objective) if definition.objective else None,
            )
        ]  # fmt: skip
        if (derived := definition.derived) is not None and self._derived is not None:
            found.append(
                MetricEvidence(
                    name=derived.name, kind=derived.kind, series=tuple(map(series, self._derived)),
                    weight=derived.weight, dropped_deltas=self._deltas.dropped, queries=self.queries,
                    aligned=self._aligned,
                )
            )  # fmt: skip
        return found

    def _pods(self, increases: Increases, closed: Sequence[ScrapeWindow]) -> list[PodIncreases]:
        """Return stable's pods if targets are pods, without the callers that count failed requests for stable."""
        own = {target_of(scraper) for scraper in self._own} if self._by_pod else set()
        return split_by_pod(increases, closed, [target for target in stable_targets(increases) if target in own])

    def notes(self) -> list[str]:
        """Return sentences about the series that were read."""
        sums = [aggregation_note(self.definition.name)] if self._deltas.sums and not self.summed else []
        callers = self._callers.notes(self.definition.name) if self._callers else []
        return sums + self._duplicates.notes() + callers

    def bounds_problem(self) -> Problem | None:
        """Return the problem if an arm lacks a bucket bound that was chosen."""
        return self._missing.bounds_problem()

    def absence_problem(self) -> Problem | None:
        """Return the problem if an arm lacks a required metric altogether."""
        return self._missing.absence_problem() if self.queries else None
