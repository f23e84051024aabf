"""One metric's reading: what was fetched so far, and the next increment."""

from math import ceil
from typing import Final

from steps.evidence.counters.scrape_alignment import scrape_interval
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.standard_metrics import MetricDefinition
from steps.evidence.discovery.reporter import Reporter
from steps.evidence.metric_counts import MetricCounts
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import SCRAPER_LABELS, TARGET_LABELS, parse_matrix

_OVERLAP_INTERVALS: Final = 3
_OVERLAP_SECONDS: Final = 5
_UNKNOWN_INTERVAL: Final = 60.0


class MetricStream:
    """Fetch a metric in increments and count it.

    Args:
        budget: series above which sums by class are read in place of every series.
        started: when the run began, unix seconds: where a baseline is compared, stable's series count until then.

    Attributes:
        counting: what was made of the answers.
        warnings: of the newest answers, each once.
        now: time of the newest answer by Prometheus' clock, unix seconds; 0 before the first.
        heard: time of the newest sample that came, whether a counter can have its value or not; 0 before the first.
    """

    def __init__(
        self, source: MetricDefinition, arms: ArmLabels, reporter: Reporter, budget: int, started: float
    ) -> None:
        self.source = source
        self._arms, self._reporter, self._budget = source.arms or arms, reporter, budget
        self._started = started
        self.counting = MetricCounts(source, self._arms, reporter, started)
        self.warnings: tuple[str, ...] = ()
        self.now = self.heard = 0.0
        self._ahead = 0.0

    @property
    def newest(self) -> float:
        """Time of the newest sample, or 0 while there is none."""
        return self.counting.newest

    @property
    def interval(self) -> float:
        """Scrape interval in seconds by the spacing of samples; 0 while unknown."""
        return scrape_interval(self.counting.counted())

    def fetch(self, prometheus: Prometheus, began: float, now: float) -> None:
        """Fetch what is new since the newest sample, with an overlap; at first everything since `began`.

        Raises:
            EvidenceError: Prometheus did not answer, or not as it does; what was read before stays.
        """
        now += self._ahead
        start = began
        if self.newest:
            start = self.newest - _OVERLAP_INTERVALS * (self.interval or _UNKNOWN_INTERVAL) - _OVERLAP_SECONDS
        seconds = max(1, ceil(now - max(start, began)) + 1)
        self._read(prometheus, seconds)
        if not self.counting.summed and self.counting.series > self._budget:
            step = max(1, round(self.interval or _OVERLAP_SECONDS))
            self.counting = MetricCounts(self.source, self._arms, self._reporter, self._started, step)
            self._read(prometheus, max(1, ceil(now - began) + 1))
        self._ahead += self.now - now  # the next range goes by Prometheus' clock

    def _read(self, prometheus: Prometheus, seconds: int) -> None:
        # The unattributed ones first: what they lack of the newest scrape, the next reading brings.
        selectors = [chosen for chosen in (self.source.unattributed, self.source.selector) if chosen]
        answers = [prometheus.query(self._promql(chosen, seconds)) for chosen in selectors]
        *lost, main = [parse_matrix(answer.result) for answer in answers]
        ends = (float(entry["values"][-1][0]) for entry in answers[-1].result if entry["values"])
        self.heard = max(self.heard, *ends, 0.0)
        self.counting.queries = tuple(answer.query for answer in reversed(answers))
        self.warnings = tuple(dict.fromkeys(text for answer in answers for text in answer.warnings))
        self.now = answers[-1].at
        self.counting.take(main, [series for found in lost for series in found], self.now - seconds)

    def _promql(self, chosen: str, seconds: int) -> str:
        if not self.counting.summed:
            return f"{chosen}[{seconds}s]"
        labels = ", ".join(sorted({*TARGET_LABELS, *SCRAPER_LABELS, *self.source.by, self._arms.label}))
        return f"(sum by ({labels}) ({chosen}))[{seconds}s:{self.counting.summed}s]"
