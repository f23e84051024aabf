"""One metric's reading: what was fetched so far, and the next increment."""

from collections.abc import Sequence
from math import ceil, inf
from typing import Final

from steps.evidence.assemble import strata, unclassified
from steps.evidence.grid import Cell, cells, interval_of
from steps.evidence.ledger import Ledger
from steps.evidence.metrics import Source
from steps.evidence.prometheus import Prometheus
from steps.evidence.reporter import Reporter
from steps.evidence.samples import TARGET_LABELS, RawSeries, Target, parse
from steps.evidence.selectors import Arms
from steps.model.evidence import Arm, MetricEvidence, Problem, ProblemKind, Series

_OVERLAP_INTERVALS: Final = 3
_OVERLAP_SECONDS: Final = 5
_UNKNOWN_INTERVAL: Final = 60.0


class Feed:
    """Fetch a metric in increments and keep its ledger.

    Args:
        budget: series above which sums by class are read in place of every series.
        started: when the run began, unix seconds: where a baseline is compared, stable's series count until then.
    """

    def __init__(self, source: Source, arms: Arms, reporter: Reporter, budget: int, started: float) -> None:
        self.source = source
        self._arms, self._reporter, self._budget = source.arms or arms, reporter, budget
        self._counted: dict[Target, set[Arm]] = {}
        self._started = started
        self._ledger = Ledger(source.classify, self._newborn, ends=self._ends)
        self._bounds: dict[Arm, set[float]] = {arm: set() for arm in Arm}
        self.summed = False
        self.warnings: tuple[str, ...] = ()
        self.query = ""
        self.now = 0.0
        self._ahead = 0.0

    @property
    def newest(self) -> float:
        """Time of the newest sample, or 0 while there is none."""
        return self._ledger.newest

    @property
    def seen(self) -> int:
        """Number of series seen so far."""
        return self._ledger.series

    @property
    def stable(self) -> list[dict[str, str]]:
        """Labels of stable's series that were seen so far."""
        return [labels for key in self._ledger.keys if self._arms.arm_of(labels := dict(key)) is Arm.STABLE]

    @property
    def interval(self) -> float:
        """Scrape interval in seconds by the spacing of samples; 0 while unknown."""
        return interval_of(self._ledger.cells)

    def fetch(self, prometheus: Prometheus, began: float, now: float) -> None:
        """Fetch what is new since the newest sample, with an overlap; at first everything since `began`.

        Raises:
            EvidenceError: Prometheus did not answer; what was read before stays.
        """
        now += self._ahead
        start = began
        if self.newest:
            start = self.newest - _OVERLAP_INTERVALS * (self.interval or _UNKNOWN_INTERVAL) - _OVERLAP_SECONDS
        seconds = max(1, ceil(now - max(start, began)) + 1)
        self._read(prometheus, seconds)
        if not self.summed and self._ledger.series > self._budget:
            self.summed, self._ledger = (
                True,
                Ledger(self.source.classify, lambda _: False, resets=False, ends=self._ends),
            )
            self._read(prometheus, max(1, ceil(now - began) + 1))
        self._ahead += self.now - now  # the next range goes by Prometheus' clock

    def _read(self, prometheus: Prometheus, seconds: int) -> None:
        self.query = self._promql(seconds)
        answer = prometheus.query(self.query)
        self.warnings, self.now = answer.warnings, answer.at
        found = parse(answer.result)
        self._note_bounds(found)
        self._note_targets(found)
        self._ledger.feed(found, answer.at - seconds)

    def _promql(self, seconds: int) -> str:
        if not self.summed:
            return f"{self.source.selector}[{seconds}s]"
        labels = ", ".join(sorted({*TARGET_LABELS, *self.source.by, self._arms.label}))
        step = max(1, round(self.interval or _OVERLAP_SECONDS))
        return f"(sum by ({labels}) ({self.source.selector}))[{seconds}s:{step}s]"

    def _newborn(self, series: RawSeries) -> bool:
        """A pod's own proxy begins at 0, and the canary's pods are young; of other proxies nobody knows."""
        arms, labels = self._arms, series.labels
        is_young = arms.arm_of(labels) is Arm.CANARY or (bool(arms.control) and not arms.is_past(labels))
        return self._by_pod and is_young

    def _ends(self, series: RawSeries) -> float:
        return self._started if self._arms.is_past(series.labels) else inf

    @property
    def _by_pod(self) -> bool:
        """Whether each target counts for one arm alone, as a pod does for itself."""
        if self.source.arms is None:
            return self._reporter.name == "destination"
        return all(len(arms) == 1 for arms in self._counted.values())

    @property
    def _aligned(self) -> bool | None:
        """Whether whatever counts the canary counts stable in the same scrape; None = as the reporter does."""
        if self.source.arms is None:
            return None
        return all(Arm.STABLE in arms for arms in self._counted.values())

    def _note_targets(self, found: Sequence[RawSeries]) -> None:
        for series in found if self.source.arms is not None else ():
            slot = self.source.classify(series)
            if slot is not None and series.samples and not self._arms.is_past(series.labels):
                self._counted.setdefault(series.target, set()).add(slot[0])

    def _note_bounds(self, found: Sequence[RawSeries]) -> None:
        for series in found:
            arm = self._arms.arm_of(series.labels)
            if arm is not None and self.source.bounds and series.samples:
                self._bounds[arm].add(float(series.labels.get("le", "nan")))

    def cells(self, now: float) -> list[Cell]:
        """Give the closed cells, oldest first."""
        return cells({target: sorted(scrapes) for target, scrapes in self._ledger.cells.items() if scrapes}, now)

    def evidence(self, closed: Sequence[Cell], started: float) -> MetricEvidence:
        """Give the metric's strata over the closed cells."""
        source, by_pod = self.source, self._by_pod
        series = tuple(
            Series(strata(self._ledger, closed, definition, started, by_pod=by_pod), bound, label)
            for label, bound, definition in source.definitions
        )
        nobody = 0
        if source.unclassified is not None:
            nobody = unclassified(self._ledger, closed, (Arm.CANARY, source.unclassified), started)
        return MetricEvidence(
            name=source.name, kind=source.kind, series=series, unit=source.unit, weight=source.weight,
            dropped_deltas=self._ledger.dropped, unclassified=nobody, queries=(self.query,),
            floor=source.floor, aligned=self._aligned,
        )  # fmt: skip

    def bounds_problem(self) -> Problem | None:
        """Tell whether an arm lacks a bucket bound that was chosen: then shares cannot be compared."""
        for arm, seen in self._bounds.items():
            missing = sorted(set(self.source.bounds) - seen)
            if seen and missing:
                names = ", ".join(f"{bound:g}" for bound in missing)
                remedy = "both arms must have the same annotation sidecar.istio.io/statsHistogramBuckets"
                if self.source.arms is not None:
                    remedy = "name a bound that the histograms of both arms have"
                what = f"{names} {self.source.unit} in {self.source.name}"
                text = f"the {arm}'s histograms have no bound {what}: {remedy}"
                return Problem(ProblemKind.BOUNDS_DIFFER, text)
        return None

    def absence_problem(self) -> Problem | None:
        """Tell whether an arm lacks a required metric altogether: no data is never a pass."""
        seen = set().union(*self._counted.values())
        control = "its baseline" if self._arms.control else "stable"
        missing = [name for arm, name in ((Arm.STABLE, control), (Arm.CANARY, "canary")) if arm not in seen]
        if not self.source.required or not self.query or not missing:
            return None
        text = (
            f"Prometheus has no series of {' and '.join(missing)} for the metric {self.source.name}: check its metric"
            f" names, matchers and arm-label, or say `required: false` where silence is normal"
        )
        return Problem(ProblemKind.NO_SERIES, text)
