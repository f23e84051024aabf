"""One metric's samples: what was fetched so far, and the next increment."""

from math import ceil
from typing import Final

from steps.evidence.counters.scrape_alignment import ScrapeWindow, scrape_interval
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.standard_metrics import MetricDefinition
from steps.evidence.discovery.reporter import Reporter
from steps.evidence.metric_counts import MetricCounts
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import SCRAPER_LABELS, TARGET_LABELS, parse_matrix
from steps.evidence.stable_pods import StablePods
from steps.model.evidence import MetricEvidence

_OVERLAP_INTERVALS: Final = 3
_OVERLAP_SECONDS: Final = 5
_UNKNOWN_INTERVAL: Final = 60.0


class MetricStream:
    """Fetch a metric in increments and count it.

    Args:
        budget: with more series than this, sums by class are read in place of every series.
        started: when the run began, unix seconds: with a baseline, stable's series only count until then.
        with_pods: read the series of stable's pods as well, where the metric's own do not tell pods apart.

    Attributes:
        counts: what was counted so far.
        pods: stable's pods by their own counts; None if they are not read.
        warnings: of the newest responses, each once.
        now: time of the newest response by Prometheus' clock, unix seconds; 0 before the first.
        newest_arrival: time of the newest sample, even one with a value that no counter can have; 0 before the first.
    """

    def __init__(
        self,
        definition: MetricDefinition,
        arms: ArmLabels,
        reporter: Reporter,
        budget: int,
        started: float,
        *,
        with_pods: bool = True,
    ) -> None:
        self.definition = definition
        self._arms, self._reporter, self._budget = definition.arms or arms, reporter, budget
        self._started = started
        self.counts = MetricCounts(definition, self._arms, reporter, started)
        self.pods = StablePods(definition, budget) if with_pods and definition.pods else None
        self.warnings: tuple[str, ...] = ()
        self.now = self.newest_arrival = 0.0
        self._ahead = 0.0

    @property
    def newest(self) -> float:
        """Time of the newest sample, or 0 while there is none."""
        return self.counts.newest

    @property
    def interval(self) -> float:
        """Scrape interval in seconds, by the distance of samples; 0 while unknown."""
        return scrape_interval(self.counts.increases())

    def fetch(self, prometheus: Prometheus, began: float, now: float) -> None:
        """Fetch what is new since the newest sample, with an overlap; the first time everything since `began`.

        Raises:
            EvidenceError: Prometheus did not answer, or not like Prometheus; what was read before stays.
        """
        now += self._ahead
        start = began
        if self.newest:
            start = self.newest - _OVERLAP_INTERVALS * (self.interval or _UNKNOWN_INTERVAL) - _OVERLAP_SECONDS
        seconds = max(1, ceil(now - max(start, began)) + 1)
        self._read(prometheus, seconds)
        if not self.counts.summed and self.counts.series > self._budget:
            step = max(1, round(self.interval or _OVERLAP_SECONDS))
            self.counts = MetricCounts(self.definition, self._arms, self._reporter, self._started, step)
            self._read(prometheus, max(1, ceil(now - began) + 1))
        self._read_pods(prometheus, seconds)
        self._ahead += self.now - now  # the next range follows Prometheus' clock

    def evidence(self, now: float) -> tuple[list[ScrapeWindow], list[MetricEvidence]]:
        """Return the closed windows, and the evidence of the metric and of the one that is derived from it."""
        closed = self.counts.windows(self.now or now)
        return closed, self.counts.evidence(closed, self.pods)

    def _read_pods(self, prometheus: Prometheus, seconds: int) -> None:
        """Read stable's pods last, so that their scrapes are there for every closed window."""
        if self.pods is None or self.pods.is_given_up:
            return
        response = prometheus.query(f"{self.definition.pods}[{seconds}s]")
        self.pods.add(parse_matrix(response.result), response.at - seconds)

    def _read(self, prometheus: Prometheus, seconds: int) -> None:
        # Unattributed requests first: if the newest scrape is not among them yet, the next poll brings it.
        selectors = [chosen for chosen in (self.definition.unattributed, self.definition.selector) if chosen]
        responses = [prometheus.query(self._promql(chosen, seconds)) for chosen in selectors]
        *unattributed, main = [parse_matrix(response.result) for response in responses]
        ends = (float(entry["values"][-1][0]) for entry in responses[-1].result if entry["values"])
        self.newest_arrival = max(self.newest_arrival, *ends, 0.0)
        self.counts.queries = tuple(response.query for response in reversed(responses))
        self.warnings = tuple(dict.fromkeys(text for response in responses for text in response.warnings))
        self.now = responses[-1].at
        self.counts.add(main, [series for found in unattributed for series in found], self.now - seconds)

    def _promql(self, chosen: str, seconds: int) -> str:
        if not self.counts.summed:
            return f"{chosen}[{seconds}s]"
        labels = ", ".join(sorted({*TARGET_LABELS, *SCRAPER_LABELS, *self.definition.by, self._arms.label}))
        return f"(sum by ({labels}) ({chosen}))[{seconds}s:{self.counts.summed}s]"
