"""The reader of evidence: polls Prometheus for both arms at once, and returns all evidence of the run so far."""

from typing import Final, Unpack

import structlog

from steps.evidence.catalog_options import CatalogOptions
from steps.evidence.comparison import WITH_STABLE, Comparison
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.discovery import cluster_labels
from steps.evidence.metric_catalog import WITHOUT_MESH, MetricCatalog
from steps.evidence.metric_stream import MetricStream
from steps.evidence.prometheus_api.client import Prometheus, step_error
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.model.evidence import Evidence, MetricEvidence, Problem, ProblemKind

log: structlog.stdlib.BoundLogger = structlog.get_logger()

HISTORY_SECONDS: Final = 600.0
"""Stable's past that is read as well: it shows the judge how bursty stable's bad requests are."""

SERIES_BUDGET: Final = 2000
_EVEN: Final = 50
"""The canary's part, in percent, of the requests that it and its baseline get at any weight."""

_UNREADABLE: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What an answer raises whose shape nobody foresaw."""

_LATE_INTERVALS: Final = 4
_LATE_SECONDS: Final = 10.0


class EvidenceReader(MetricCatalog):
    """Reads a run's evidence in increments; one query per metric and poll, for both arms together.

    Requests take a second query, for those that failed before an upstream was chosen; answers are counted from both.
    Where the reporter is not a pod's own proxy, each metric takes one more, for stable's pods.

    Args:
        prometheus: the client.
        arms: what tells the arms apart.
        history_seconds: how much of stable's past is read as well, in seconds.
        series_budget: with more series of one metric than this, sums are read instead.
        with_pods: read the series of stable's pods as well where the reporter is not a pod's own proxy; False for a
            recording that has no answers to such queries.
        more: as for `MetricCatalog`.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        arms: ArmLabels,
        *,
        history_seconds: float = HISTORY_SECONDS,
        series_budget: int = SERIES_BUDGET,
        with_pods: bool = True,
        **more: Unpack[CatalogOptions],
    ) -> None:
        super().__init__(prometheus, arms, **more)
        self._history, self._budget, self._with_pods = history_seconds, series_budget, with_pods
        self._streams: list[MetricStream] = []
        self._series_checked, self._cluster_notes = 0, list[str]()

    def read(
        self,
        started: float,
        now: float,
        *,
        rung_started: float | None = None,
        weight: int | None = None,
        comparison: Comparison = WITH_STABLE,
    ) -> Evidence:
        """Fetch what is new, and return all evidence of the run.

        Args:
            started: when the canary was first exposed, unix seconds.
            now: current time, unix seconds; only the range of the queries depends on it.
            rung_started: when the current weight was set; default `started`.
            weight: the current weight in percent, if known.
            comparison: what was decided before; the first read of a run settles it.

        Returns:
            Evidence; if Prometheus did not answer, or lags, it holds what was read before and a `problem`.

        Raises:
            PermanentError: Prometheus refuses the query itself; waiting cannot help.
        """
        problem: Problem | None = None
        self.adopt(comparison)
        self.pods.look_again()
        try:
            self._prepare(started)
            for stream in self._streams:
                stream.fetch(self.prometheus, started - self._history, now)
        except EvidenceError as fault:
            problem = fault.problem
            if problem.kind is ProblemKind.BAD_QUERY:
                raise step_error(fault, "reading the arms' metrics") from fault
        except _UNREADABLE as defect:
            # The run must go on, or back, by what is known: an answer of another shape is one more missing answer.
            log.exception("prometheus.unreadable")
            sentence = f"Prometheus answered in a form that cannot be read ({type(defect).__name__}: {defect})"
            problem = Problem(ProblemKind.NOT_PROMETHEUS, sentence)
        return self._evidence(started, now, rung_started or started, weight, problem)

    def begin_anew(self) -> None:
        """Forget what was read: the next read is about other pods of the canary, and may have another start."""
        self._streams = []

    def look_at_stable(self, now: float) -> Evidence:
        """Return what stable did lately, before any canary; what is read later begins anew.

        Args:
            now: current time, unix seconds.

        Raises:
            As `read`.
        """
        seen = self.read(now, now)
        self.begin_anew()
        return seen

    def _prepare(self, started: float) -> None:
        if self._streams:
            return
        definitions, arms, reporter = self.definitions()
        self._streams = [
            MetricStream(one, arms, reporter, self._budget, started, with_pods=self._with_pods) for one in definitions
        ]

    def _evidence(
        self, started: float, now: float, rung_started: float, weight: int | None, problem: Problem | None
    ) -> Evidence:
        interval = max((stream.interval for stream in self._streams), default=0.0)
        mesh: list[MetricEvidence] = []
        derived: list[MetricEvidence] = []
        custom: list[MetricEvidence] = []
        newest = 0.0
        for stream in self._streams:
            closed, (metric, *more) = stream.evidence(now)
            (mesh if stream.definition.arms is None else custom).append(metric)
            derived += more
            newest = max(newest, closed[-1].end) if closed else newest
        reporter = self.reporter
        return Evidence(
            metrics=(*mesh, *derived, *custom),
            started=started,
            rung_started=rung_started,
            until=max(started, newest),
            scrape_interval_seconds=interval,
            aligned=reporter.aligned if reporter else False,
            reporter=reporter.name if reporter else "",
            reporter_reason=reporter.reason if reporter else "",
            weight=_EVEN if self.control and weight else weight,
            control=self.control,
            notes=self._notes(),
            problem=problem or self._problem(interval),
            newest=newest,
        )

    def _problem(self, interval: float) -> Problem | None:
        """Return why the evidence cannot be trusted although Prometheus answered; None if it can."""
        if self.found is not None and self.found.doubt:
            return Problem(ProblemKind.AMBIGUOUS, self.found.doubt)
        for stream in self._streams:
            if (differ := stream.counts.bounds_problem()) is not None:
                return differ
        for stream in self._streams:
            if stream.warnings:
                text = f"Prometheus warns that its answer may be incomplete: {'; '.join(stream.warnings)[:300]}"
                return Problem(ProblemKind.WARNINGS, text)
        absent = next(
            (found for stream in self._streams if (found := stream.counts.absence_problem()) is not None), None
        )
        return absent or (self._lateness(interval) if self._streams else None)

    def _lateness(self, interval: float) -> Problem | None:
        main = self._streams[0] if self.mesh else max(self._streams, key=lambda stream: stream.newest)
        age = main.now - main.newest
        if main.newest and age <= max(_LATE_INTERVALS * interval, _LATE_SECONDS):
            return None
        if main.newest_arrival > main.newest:
            text = (
                "the newest samples of the arms' requests have values that no counter can have (NaN, infinite, negative"
                " or above 2^53): check the recording rules and relabelling that write them"
            )
            return Problem(ProblemKind.NOT_PROMETHEUS, text)
        if not main.newest:
            return self.no_series()
        text = (
            f"the newest sample of the arms' requests is {age:.0f} s old at a scrape interval of {interval:g} s: check"
            f" that the proxies are still scraped, and that their samples arrive in time"
        )
        return Problem(ProblemKind.METRICS_LATE, text)

    def _notes(self) -> tuple[str, ...]:
        notes = [
            f"{stream.definition.name}: more than {self._budget} series, so it is read as sums; resets may be missed"
            for stream in self._streams
            if stream.counts.summed
        ]
        notes += dict.fromkeys(note for stream in self._streams for note in stream.counts.notes())
        if self.objective_bound is not None and self.objective_bound.note:
            notes.append(self.objective_bound.note)
        known = {stream.definition.name for stream in self._streams}
        notes += [
            f"{name} not judged: stable has no histogram of it yet"
            for name in ("latency", "small-bodies")
            if self._streams and self.mesh and name not in known
        ]
        notes += self._blind_spots()
        if self.control:
            notes.append(
                f"compared with the baseline {self.control}: pods of stable's version, as new and as many as the"
                f" canary's; until the canary's first request, stable is compared instead"
            )
        return tuple(notes)

    def _blind_spots(self) -> list[str]:
        """Return what is not seen without the mesh, or whether stable's requests may be of several clusters."""
        if not self.mesh:
            return [WITHOUT_MESH]
        if self.is_checked or not self._streams:
            return []
        main = self._streams[0].counts
        if self._series_checked != main.series:
            self._series_checked = main.series
            clusters = cluster_labels.cluster_labels_of_rows(main.stable)
            several = cluster_labels.unselected(clusters, self._given.more)
            self._cluster_notes = [cluster_labels.unselected_sentence(several)] if several else []
        return self._cluster_notes
