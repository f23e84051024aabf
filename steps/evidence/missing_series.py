"""What the arms' series lack: a bucket bound, or all of them; and which targets count for which arm."""

from collections.abc import Iterable

from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.standard_metrics import MetricDefinition, bound_of
from steps.evidence.prometheus_api.samples import RawSeries, ScrapeTarget
from steps.model.evidence import Arm, Problem, ProblemKind


class MissingSeries:
    """Remembers which series of a metric each arm has."""

    def __init__(self, definition: MetricDefinition, arms: ArmLabels) -> None:
        self._definition, self._arms = definition, arms
        self._counted: dict[ScrapeTarget, set[Arm]] = {}
        self._bounds: dict[Arm, set[float]] = {arm: set() for arm in Arm}

    def add(self, found: Iterable[RawSeries]) -> None:
        """Remember the series of one response."""
        for series in found:
            arm = self._arms.arm_of(series.labels)
            if arm is None or not series.samples:
                continue
            if self._definition.bounds:
                self._bounds[arm].add(bound_of(series.labels))
            if self._definition.arms is not None:
                self._note_target(series)

    def _note_target(self, series: RawSeries) -> None:
        slot = self._definition.classify(series)
        if slot is not None and slot[0] is not None and not self._arms.is_past(series.labels):
            self._counted.setdefault(series.target, set()).add(slot[0])

    @property
    def one_arm_each(self) -> bool:
        """Whether each target counts for one arm alone."""
        return all(len(arms) == 1 for arms in self._counted.values())

    @property
    def always_stable(self) -> bool:
        """Whether each target counts for stable too."""
        return all(Arm.STABLE in arms for arms in self._counted.values())

    def bounds_problem(self) -> Problem | None:
        """Return the problem if an arm lacks a bucket bound that was chosen: then shares cannot be compared."""
        for arm, seen in self._bounds.items():
            missing = sorted(set(self._definition.bounds) - seen)
            if seen and missing:
                names = ", ".join(f"{bound:g}" for bound in missing)
                remedy = "both arms must have the same annotation sidecar.istio.io/statsHistogramBuckets"
                if self._definition.arms is not None:
                    remedy = "set a bound that the histograms of both arms have"
                what = f"{names} {self._definition.unit} in {self._definition.name}"
                text = f"the {arm}'s histograms have no bound {what}: {remedy}"
                return Problem(ProblemKind.BOUNDS_DIFFER, text)
        return None

    def absence_problem(self) -> Problem | None:
        """Return the problem if an arm lacks a required metric altogether: no data is never a pass."""
        seen: set[Arm] = set().union(*self._counted.values())
        control = "its baseline" if self._arms.control else "stable"
        missing = [name for arm, name in ((Arm.STABLE, control), (Arm.CANARY, "canary")) if arm not in seen]
        if not self._definition.required or not missing:
            return None
        text = (
            f"Prometheus has no series of {' and '.join(missing)} for the metric {self._definition.name}: check its"
            f" metric names, matchers and arm-label, or set `required: false` if it may be missing"
        )
        return Problem(ProblemKind.NO_SERIES, text)
