"""The reader of evidence: polls Prometheus for both arms at once and tells what was seen so far."""

from typing import Final, Unpack

from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.discovery import cluster_labels
from steps.evidence.metric_catalog import WITHOUT_MESH, CatalogOptions, MetricCatalog
from steps.evidence.metric_stream import MetricStream
from steps.evidence.prometheus_api.client import Prometheus, step_error
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.model.evidence import Evidence, MetricEvidence, Problem, ProblemKind

HISTORY_SECONDS: Final = 600.0
"""Stable's past that is read along: it teaches the judge how much stable's bad requests cling together."""

SERIES_BUDGET: Final = 2000
_EVEN: Final = 50
"""The canary's part, in percent, of what it and its baseline get at any weight."""

_LATE_INTERVALS: Final = 4
_LATE_SECONDS: Final = 10.0


class EvidenceReader(MetricCatalog):
    """Read a run's evidence in increments; one query per metric and poll, for both arms together.

    Requests take a second query, for those that failed before an upstream was chosen; answers are read off both.

    Args:
        prometheus: the client.
        arms: what tells the arms apart.
        history_seconds: stable's past to read along, in seconds.
        series_budget: series of one metric above which sums are read instead.
        more: as for `Survey`.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        arms: ArmLabels,
        *,
        history_seconds: float = HISTORY_SECONDS,
        series_budget: int = SERIES_BUDGET,
        **more: Unpack[CatalogOptions],
    ) -> None:
        super().__init__(prometheus, arms, **more)
        self._history, self._budget = history_seconds, series_budget
        self._feeds: list[MetricStream] = []
        self._seen, self._several = 0, list[str]()

    def read(
        self, started: float, now: float, *, rung_started: float | None = None, weight: int | None = None
    ) -> Evidence:
        """Fetch what is new and give all evidence of the run.

        Args:
            started: when the canary was first exposed, unix seconds.
            now: present time, unix seconds; only the range of the queries depends on it.
            rung_started: when the present weight was set; default `started`.
            weight: the present weight in percent, if known.

        Returns:
            Evidence; if Prometheus could not be asked, or lags, it holds what was read before and a `problem`.

        Raises:
            PermanentError: Prometheus refuses the query itself; waiting cannot help.
        """
        problem: Problem | None = None
        self.pods.look_again()
        try:
            self._prepare(started)
            for feed in self._feeds:
                feed.fetch(self.prometheus, started - self._history, now)
        except EvidenceError as fault:
            problem = fault.problem
            if problem.kind is ProblemKind.BAD_QUERY:
                raise step_error(fault, "reading the arms' metrics") from fault
        return self._evidence(started, now, rung_started or started, weight, problem)

    def _prepare(self, started: float) -> None:
        if self._feeds:
            return
        wanted, arms, reporter = self.sources()
        self._feeds = [MetricStream(source, arms, reporter, self._budget, started) for source in wanted]

    def _evidence(
        self, started: float, now: float, rung_started: float, weight: int | None, problem: Problem | None
    ) -> Evidence:
        interval = max((feed.interval for feed in self._feeds), default=0.0)
        mesh: list[MetricEvidence] = []
        beside: list[MetricEvidence] = []
        custom: list[MetricEvidence] = []
        until = started
        for feed in self._feeds:
            closed = feed.counting.cells(feed.now or now)
            metric, *more = feed.counting.evidence(closed)
            (mesh if feed.source.arms is None else custom).append(metric)
            beside += more
            until = max(until, closed[-1].end) if closed else until
        reporter = self.reporter
        return Evidence(
            metrics=(*mesh, *beside, *custom),
            started=started,
            rung_started=rung_started,
            until=until,
            scrape_interval_seconds=interval,
            aligned=reporter.aligned if reporter else False,
            reporter=reporter.name if reporter else "",
            reporter_reason=reporter.reason if reporter else "",
            weight=_EVEN if self.control and weight else weight,
            control=self.control,
            notes=self._notes(),
            problem=problem or self._problem(interval),
        )

    def _problem(self, interval: float) -> Problem | None:
        """Tell what makes a complete answer not to be trusted."""
        if self.found is not None and self.found.doubt:
            return Problem(ProblemKind.AMBIGUOUS, self.found.doubt)
        for feed in self._feeds:
            if (differ := feed.counting.bounds_problem()) is not None:
                return differ
        for feed in self._feeds:
            if feed.warnings:
                text = f"Prometheus warns that its answer may be incomplete: {'; '.join(feed.warnings)[:300]}"
                return Problem(ProblemKind.WARNINGS, text)
        absent = next((found for feed in self._feeds if (found := feed.counting.absence_problem()) is not None), None)
        return absent or (self._lateness(interval) if self._feeds else None)

    def _lateness(self, interval: float) -> Problem | None:
        main = self._feeds[0] if self.mesh else max(self._feeds, key=lambda feed: feed.newest)
        age = main.now - main.newest
        if main.newest and age <= max(_LATE_INTERVALS * interval, _LATE_SECONDS):
            return None
        if main.heard > main.newest:
            text = (
                "the newest samples of the arms' requests have values that no counter can have (NaN, infinite, negative"
                " or above 2^53): check what writes or rewrites them"
            )
            return Problem(ProblemKind.NOT_PROMETHEUS, text)
        if not main.newest:
            return self.unknown()
        text = (
            f"the newest sample of the arms' requests is {age:.0f} s old at a scrape interval of {interval:g} s:"
            f" the proxies are not scraped any more, or samples arrive late"
        )
        return Problem(ProblemKind.METRICS_LATE, text)

    def _notes(self) -> tuple[str, ...]:
        notes = [
            f"{feed.source.name}: more than {self._budget} series, so sums are read; resets and births may be missed"
            for feed in self._feeds
            if feed.counting.summed
        ]
        notes += dict.fromkeys(note for feed in self._feeds for note in feed.counting.notes())
        if self.objective_bound is not None and self.objective_bound.note:
            notes.append(self.objective_bound.note)
        known = {feed.source.name for feed in self._feeds}
        notes += [
            f"{name} not judged: stable has no histogram of it yet"
            for name in ("latency", "small-bodies")
            if self._feeds and self.mesh and name not in known
        ]
        notes += self._doubtful()
        if self.control:
            notes.append(
                f"compared with the baseline {self.control}, pods of stable's version as young as the canary's and as"
                f" many; until the canary's first request stable stands for it"
            )
        return tuple(notes)

    def _doubtful(self) -> list[str]:
        """Say what is lost without the mesh, and whether stable's requests may be those of several clusters."""
        if not self.mesh:
            return [WITHOUT_MESH]
        if self.is_checked or not self._feeds:
            return []
        main = self._feeds[0].counting
        if self._seen != main.series:
            self._seen, several = (
                main.series,
                cluster_labels.unselected(cluster_labels.cluster_labels_of_rows(main.stable), self._given.more),
            )
            self._several = [cluster_labels.unselected_sentence(several)] if several else []
        return self._several
