"""The reader of evidence: polls Prometheus for both arms at once and tells what was seen so far."""

from dataclasses import asdict, replace
from typing import Final

import structlog

from steps.errors import PermanentError
from steps.evidence import absence, found, worlds
from steps.evidence.beforehand import doubts
from steps.evidence.bounds import Bounds
from steps.evidence.choosing import choose_bounds
from steps.evidence.custom import GUESSED, Around, CustomMetric, sources
from steps.evidence.failures import EvidenceError
from steps.evidence.feed import Feed
from steps.evidence.metrics import standard
from steps.evidence.naming import WantedNames
from steps.evidence.podlabels import with_labels
from steps.evidence.pods import Pods
from steps.evidence.prometheus import Prometheus, raised
from steps.evidence.reporter import AUTO, NO_MESH, Reporter, choose
from steps.evidence.requirements import Requirements, check
from steps.evidence.selectors import Arms
from steps.model.evidence import Evidence, LatencyObjective, Problem, ProblemKind

log: structlog.stdlib.BoundLogger = structlog.get_logger()

USUAL: Final = WantedNames()
"""Names that are found by asking."""

WITHOUT_MESH: Final = (
    "judged by the app's own metrics alone (--without-mesh-metrics): failed connections, what proxies answered in the"
    " app's place (503), the share of the traffic, and latency that no custom histogram shows were not seen"
)

HISTORY_SECONDS: Final = 600.0
"""Stable's past that is read along: it teaches the judge how much stable's bad requests cling together."""

SERIES_BUDGET: Final = 2000
_EVEN: Final = 50
"""The canary's part, in percent, of what it and its baseline get at any weight."""

_LATE_INTERVALS: Final = 4
_LATE_SECONDS: Final = 10.0


class EvidenceReader:
    """Read a run's evidence in increments; one query per metric and poll, for both arms together.

    Args:
        prometheus: the client.
        arms: what tells the arms apart.
        reporter: "auto", "source", "destination" or "waypoint".
        bounds: chosen earlier in the run; None: chosen from stable's past hour when first needed.
        custom: metrics beside the standard ones.
        history_seconds: stable's past to read along, in seconds.
        series_budget: series of one metric above which sums are read instead.
        names: of the mesh's metrics, as far as they were set.
        pods: tells whose a pod is, for custom metrics.
        mesh: whether the mesh's metrics are read; False = the custom metrics alone carry the release.
        latency_objective: an absolute bound of latency, which a bucket must be able to hold.

    Attributes:
        control: label value of the baseline that the canary is compared with in place of stable, "" for none; it is set
            before the first `read`.
        found: names and labels as they were found by asking, None until something was asked.
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
        names: WantedNames = USUAL,
        pods: Pods = GUESSED,
        mesh: bool = True,
        latency_objective: LatencyObjective | None = None,
    ) -> None:
        self._prometheus, self._wanted = prometheus, reporter
        self._given = replace(arms, metrics=names.names())
        self._requirements = Requirements(reporter, names, latency_objective)
        self.pods, self._mesh = pods, mesh
        self.found: found.Found | None = None
        self._history, self._budget = history_seconds, series_budget
        self.bounds, self._custom = bounds, custom
        self.control = ""
        self.reporter: Reporter | None = None if mesh else NO_MESH
        self._feeds: list[Feed] = []
        self._checked, self._seen = False, 0
        self._several: list[str] = []

    def check(self) -> tuple[str, ...]:
        """Make sure that Prometheus answers and that its metrics of stable can be judged by; log what was found.

        Returns:
            Sentences about what may be right.

        Raises:
            TemporaryError: it is down, slow or busy.
            PermanentError: it refuses us, is not a Prometheus, or its metrics cannot be judged by; the sentence says
                what it has, and names the remedy.
        """
        if not self._mesh:
            self._require_no_objective()
            return (WITHOUT_MESH,)
        try:
            known = self._known()
            checked = check(self._prometheus, self._arms, self._requirements, known.doubt)
        except EvidenceError as fault:
            raise raised(fault, "asking Prometheus for stable's requests") from fault
        self.reporter, self._checked = checked.reporter, True
        self.found = replace(known, metrics=checked.durations.metrics)
        names = {name: value for name, value in asdict(self.found.metrics).items() if name != "unit"}
        log.info(
            "prometheus.found",
            reporter=checked.reporter.name,
            reason=checked.reporter.reason,
            **names,
            duration_unit=self.found.metrics.unit,
            labels={**self._given.more, **self.found.narrowed},
            pod_labels={name: list(labels) for name, labels in self.found.labels.items()},
        )
        return checked.warnings

    def check_custom(self) -> tuple[str, ...]:
        """Make sure that stable has the series of the custom metrics; give sentences about what may be right.

        Raises:
            TemporaryError: Prometheus is down, slow or busy.
            PermanentError: it refuses us, or stable lacks a required metric; the sentence names all that are missing.
        """
        action = "asking Prometheus for stable's custom metrics"
        self.pods.look_again()
        try:
            told = doubts(self._prometheus, self._named(), self._around(), alone=not self._mesh)
        except EvidenceError as fault:
            raise raised(fault, action) from fault
        if told.faults:
            raise PermanentError(action, "; ".join(told.faults))
        return told.warnings

    def choose_bounds(self) -> Bounds:
        """Choose what slow and small mean from stable's past hour (or all there is), and keep it. Two queries at least.

        Raises:
            TemporaryError: Prometheus is down, slow or busy.
            PermanentError: it refuses us, or is not a Prometheus.
        """
        try:
            return self._choose_bounds()
        except EvidenceError as fault:
            raise raised(fault, "choosing bounds from stable's past") from fault

    def _choose_bounds(self) -> Bounds:
        reporter = self._reporter()
        if not self._mesh:
            self.bounds = Bounds()
            return self.bounds
        chosen = choose_bounds(
            self._prometheus, self._arms, reporter.name if reporter else "", self._requirements.names
        )
        self.bounds, self.found = chosen.bounds, replace(self._known(), metrics=chosen.metrics)
        return self.bounds

    def _require_no_objective(self) -> None:
        if self._requirements.objective is not None:
            cause = (
                "a latency objective is read from the mesh's durations, which --without-mesh-metrics leaves out: take"
                " one of the two away, or make the objective a custom histogram"
            )
            raise PermanentError("checking the latency objective", cause)

    def _known(self) -> found.Found:
        """Give what was found by asking; the first call asks."""
        if self.found is None:
            names, given = self._requirements.names, self._given
            self.found = found.find(self._prometheus, given, names, self._custom, self.bounds, mesh=self._mesh)
        return self.found

    @property
    def _arms(self) -> Arms:
        """What tells the arms apart in the mesh's metrics, as far as it was found."""
        return self.found.arms(self._given) if self.found else self._given

    def _named(self) -> tuple[CustomMetric, ...]:
        labels = self._known().labels
        return tuple(with_labels(metric, labels) for metric in self._custom)

    def _around(self) -> Around:
        return Around(self._given.namespace, self._given.more, self.pods, against_baseline=bool(self.control))

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
        custom = sources(self._named(), self._around())
        wanted = (*(standard(arms, reporter.name, bounds) if self._mesh else ()), *custom)
        self._feeds = [Feed(source, arms, reporter, self._budget, started) for source in wanted]

    def _reporter(self) -> Reporter | None:
        self._known()
        if self.reporter is None:
            self.reporter = choose(self._prometheus, self._arms, self._wanted)
        return self.reporter

    def _unknown(self) -> Problem:
        if not self._mesh:
            text = f"Prometheus at {self._prometheus.access.endpoint} has no series of the custom metrics yet"
            return Problem(ProblemKind.NO_SERIES, text)
        named = "" if self._wanted == AUTO else self._wanted
        return Problem(ProblemKind.NO_SERIES, absence.plain(self._arms, self._prometheus.access.endpoint, named))

    def _evidence(
        self, started: float, now: float, rung_started: float, weight: int | None, problem: Problem | None
    ) -> Evidence:
        interval = max((feed.interval for feed in self._feeds), default=0.0)
        metrics, until = [], started
        for feed in self._feeds:
            closed = feed.cells(feed.now or now)
            metrics.append(feed.evidence(closed, started))
            until = max(until, closed[-1].end) if closed else until
        reporter = self.reporter
        return Evidence(
            metrics=tuple(metrics),
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
            if (differ := feed.bounds_problem()) is not None:
                return differ
        for feed in self._feeds:
            if feed.warnings:
                text = f"Prometheus warns that its answer may be incomplete: {'; '.join(feed.warnings)[:300]}"
                return Problem(ProblemKind.WARNINGS, text)
        absent = next((found for feed in self._feeds if (found := feed.absence_problem()) is not None), None)
        return absent or (self._lateness(interval) if self._feeds else None)

    def _lateness(self, interval: float) -> Problem | None:
        main = self._feeds[0] if self._mesh else max(self._feeds, key=lambda feed: feed.newest)
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
            if feed.summed
        ]
        known = {feed.source.name for feed in self._feeds}
        notes += [
            f"{name} not judged: stable has no histogram of it yet"
            for name in ("latency", "small-bodies")
            if self._feeds and self._mesh and name not in known
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
        if not self._mesh:
            return [WITHOUT_MESH]
        if self._checked or not self._feeds:
            return []
        main = self._feeds[0]
        if self._seen != main.seen:
            self._seen, several = main.seen, worlds.of_rows(main.stable, self._given.more)
            self._several = [worlds.sentence(several)] if several else []
        return self._several
