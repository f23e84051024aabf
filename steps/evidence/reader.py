"""The reader of evidence: polls Prometheus for both arms at once and tells what was seen so far."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from steps.errors import PermanentError
from steps.evidence.beforehand import doubts
from steps.evidence.bounds import Bounds, latency_bounds, small_bound
from steps.evidence.custom import CustomMetric, sources
from steps.evidence.failures import EvidenceError
from steps.evidence.feed import Feed
from steps.evidence.metrics import DURATION, standard
from steps.evidence.objective import BeyondError, ObjectiveBound, located
from steps.evidence.prometheus import Prometheus, raised
from steps.evidence.reporter import AUTO, Reporter, choose
from steps.evidence.samples import scalar_by
from steps.evidence.selectors import Arms, selector
from steps.model.evidence import Arm, Evidence, LatencyObjective, MetricEvidence, Problem, ProblemKind

HISTORY_SECONDS: Final = 600.0
"""Stable's past that is read along: it teaches the judge how much stable's bad requests cling together."""

SERIES_BUDGET: Final = 2000
_EVEN: Final = 50
"""The canary's part, in percent, of what it and its baseline get at any weight."""

_LATE_INTERVALS: Final = 4
_LATE_SECONDS: Final = 10.0


class EvidenceReader:
    """Read a run's evidence in increments; one query per metric and poll, for both arms together.

    Requests take a second query, for those that failed before an upstream was chosen; answers are read off both.

    Args:
        prometheus: the client.
        arms: what tells the arms apart.
        reporter: "auto", "source", "destination" or "waypoint".
        bounds: chosen earlier in the run; None: chosen from stable's past hour when first needed.
        custom: metrics beside the standard ones.
        history_seconds: stable's past to read along, in seconds.
        series_budget: series of one metric above which sums are read instead.
        ignored_answers: classes of answers that are expected to rise, by label.
        latency_objective: an absolute bound of latency whose strata are read along.

    Attributes:
        control: label value of the baseline that the canary is compared with in place of stable, "" for none; it is set
            before the first `read`.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        arms: Arms,
        *,
        reporter: str = AUTO,
        bounds: Bounds | None = None,
        custom: tuple[CustomMetric, ...] = (),
        history_seconds: float = HISTORY_SECONDS,
        series_budget: int = SERIES_BUDGET,
        ignored_answers: Collection[str] = (),
        latency_objective: LatencyObjective | None = None,
    ) -> None:
        self._prometheus, self._arms, self._wanted = prometheus, arms, reporter
        self._history, self._budget = history_seconds, series_budget
        self.bounds, self._custom = bounds, custom
        self._ignored, self._objective = ignored_answers, latency_objective
        self._objective_bound: ObjectiveBound | None = None
        self.control = ""
        self.reporter: Reporter | None = None
        self._feeds: list[Feed] = []

    def check(self) -> Reporter:
        """Make sure that Prometheus answers and knows stable.

        Raises:
            TemporaryError: it is down, slow or busy.
            PermanentError: it refuses us, is no Prometheus, or has no series of stable; the sentence names the remedy.
        """
        action = "asking Prometheus for stable's requests"
        try:
            reporter = self._reporter()
        except EvidenceError as fault:
            raise raised(fault, action) from fault
        if reporter is None:
            raise PermanentError(action, self._unknown().sentence)
        return reporter

    def check_custom(self) -> tuple[str, ...]:
        """Make sure that stable has the series of the custom metrics; give sentences about what may be right.

        Raises:
            TemporaryError: Prometheus is down, slow or busy.
            PermanentError: it refuses us, or stable lacks a required metric; the sentence names all that are missing.
        """
        action = "asking Prometheus for stable's custom metrics"
        try:
            found = doubts(self._prometheus, self._custom, self._arms.namespace)
        except EvidenceError as fault:
            raise raised(fault, action) from fault
        if found.faults:
            raise PermanentError(action, "; ".join(found.faults))
        return found.warnings

    def check_objective(self) -> str:
        """Make sure that stable's histogram can hold the latency objective, if there is one. One query.

        Returns:
            A sentence where the limit is read at another bound, else "".

        Raises:
            TemporaryError: Prometheus is down, slow or busy.
            PermanentError: it refuses us, or no bucket reaches the limit.
        """
        try:
            self._reporter()
            found = self._objective_at()
        except EvidenceError as fault:
            action = "looking for the latency objective's bucket"
            if fault.problem.kind is ProblemKind.BOUNDS_DIFFER:
                raise PermanentError(action, fault.problem.sentence) from fault
            raise raised(fault, action) from fault
        return found.note if found else ""

    def _objective_at(self) -> ObjectiveBound | None:
        """Find where the objective is read, once."""
        if self._objective is None or self._objective_bound is not None:
            return self._objective_bound
        name = self.reporter.name if self.reporter else ""
        chosen = selector(DURATION, self._arms.matchers(reporter=name, arms=[Arm.STABLE]))
        texts = scalar_by(self._prometheus.query(f"count by (le) ({chosen})").result, "le")
        try:
            self._objective_bound = located(self._objective, texts, 1.0)
        except BeyondError as fault:
            raise EvidenceError(Problem(ProblemKind.BOUNDS_DIFFER, str(fault))) from fault
        return self._objective_bound

    def choose_bounds(self) -> Bounds:
        """Choose what slow and small mean from stable's past hour (or all there is), and keep it. Two queries at least.

        Raises:
            TemporaryError: Prometheus is down, slow or busy.
            PermanentError: it refuses us, or is no Prometheus.
        """
        try:
            return self._choose_bounds()
        except EvidenceError as fault:
            raise raised(fault, "choosing bounds from stable's past") from fault

    def _choose_bounds(self) -> Bounds:
        self._reporter()
        durations = self._buckets("istio_request_duration_milliseconds_bucket", [])
        bytes_sent = self._buckets("istio_response_bytes_bucket", ['response_code=~"2.."'])
        self.bounds = Bounds(latency_bounds(durations), small_bound(bytes_sent))
        return self.bounds

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
        try:
            self._prepare(started)
            for feed in self._feeds:
                feed.fetch(self._prometheus, started - self._history, now)
        except EvidenceError as fault:
            problem = fault.problem
            if problem.kind is ProblemKind.BAD_QUERY:
                raise raised(fault, "reading the arms' metrics") from fault
        return self._evidence(started, now, rung_started or started, weight, problem)

    def _prepare(self, started: float) -> None:
        if self._feeds:
            return
        reporter = self._reporter()
        if reporter is None:
            raise EvidenceError(self._unknown())
        bounds = self.bounds or self._choose_bounds()
        arms = replace(self._arms, control=self.control)
        custom = sources(self._custom, arms.namespace, against_baseline=bool(self.control))
        objective = self._objective_at()
        mesh = standard(arms, reporter.name, bounds, objective=objective, ignored=self._ignored)
        wanted = (*mesh, *custom)
        self._feeds = [Feed(source, arms, reporter, self._budget, started) for source in wanted]

    def _reporter(self) -> Reporter | None:
        if self.reporter is None:
            self.reporter = choose(self._prometheus, self._arms, self._wanted)
        return self.reporter

    def _unknown(self) -> Problem:
        arms = self._arms
        counted = "" if self._wanted == AUTO else f" with reporter {self._wanted}"
        text = (
            f"Prometheus at {self._prometheus.access.endpoint} has no istio_requests_total{counted} for"
            f' {arms.label}="{arms.stable}" in namespace {arms.namespace}: send it some traffic, check that the mesh is'
            f" scraped, or name the label that tells the arms apart"
        )
        return Problem(ProblemKind.NO_SERIES, text)

    def _buckets(self, metric: str, more: list[str]) -> dict[str, float]:
        name = self.reporter.name if self.reporter else ""
        chosen = selector(metric, [*self._arms.matchers(reporter=name, arms=[Arm.STABLE]), *more])
        found = scalar_by(self._prometheus.query(f"sum by (le) (increase({chosen}[1h]))").result, "le")
        if any(found.values()):
            return found
        return scalar_by(self._prometheus.query(f"sum by (le) ({chosen})").result, "le")

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
        main = self._feeds[0]
        if not main.newest:
            return self._unknown()
        age = main.now - main.newest
        if age <= max(_LATE_INTERVALS * interval, _LATE_SECONDS):
            return None
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
        if self._objective_bound is not None and self._objective_bound.note:
            notes.append(self._objective_bound.note)
        known = {feed.source.name for feed in self._feeds}
        notes += [
            f"{name} not judged: stable has no histogram of it yet"
            for name in ("latency", "small-bodies")
            if self._feeds and name not in known
        ]
        if self.control:
            notes.append(
                f"compared with the baseline {self.control}, pods of stable's version as young as the canary's and as"
                f" many; until the canary's first request stable stands for it"
            )
        return tuple(notes)
