"""Custom metrics: the application's own counters and histograms, read raw as the standard ones are."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from steps.evidence.assemble import Definition
from steps.evidence.ledger import Slot
from steps.evidence.metrics import Source, by_bound
from steps.evidence.samples import NAME, RawSeries
from steps.evidence.selectors import Arms, bounds_matcher, equal, literal, one_of, quote, selector
from steps.model.evidence import Arm, MetricKind

CUSTOM_WEIGHT: Final = 0.2
"""Part of the budget of all custom metrics together, where the standard ones have 1: errors keep half of the whole."""

_POD: Final = "-[a-z0-9]+-[a-z0-9]+"
"""What Kubernetes adds to a Deployment's name for its pods: the template's hash and five signs."""

_TOTAL, _BAD, _BOTH = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Selection:
    """Series of one counter, by exact values and by regular expressions for whole values."""

    metric: str
    match: Mapping[str, str] = field(default_factory=dict)
    match_regex: Mapping[str, str] = field(default_factory=dict)

    @property
    def matchers(self) -> list[str]:
        """Its label matchers in PromQL, without the name."""
        exact = [equal(label, value) for label, value in sorted(self.match.items())]
        return exact + [f"{label}=~{quote(value)}" for label, value in sorted(self.match_regex.items())]

    def has(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a series belongs to it."""
        return (
            labels.get(NAME) == self.metric
            and all(labels.get(label, "") == value for label, value in self.match.items())
            and all(re.fullmatch(value, labels.get(label, "")) for label, value in self.match_regex.items())
        )


@dataclass(frozen=True, slots=True)
class CustomMetric:
    """One custom metric: a pair of counters, or a histogram with a bound.

    Attributes:
        bad, every: of a pair; `every` counts all events, or with `every_is_good` the good ones.
        histogram: buckets; `bound` and `above` tell which observations are bad.
        label: tells the arms apart by `stable` and `canary`; "" = pod names of Deployments of these names.
        namespace_label: label with the arms' namespace, "" = none.
        weight: relative to the other custom metrics (> 0).
        floor: least difference of the bad shares (0-1) that counts as harm.
        required: without series of both arms nothing passes.
        baseline: value of the label for the baseline; "" = such a metric compares with stable all the same.
    """

    name: str
    stable: str
    canary: str
    bad: Selection | None = None
    every: Selection | None = None
    every_is_good: bool = False
    histogram: Selection | None = None
    bound: float = 0.0
    above: bool = True
    unit: str = ""
    label: str = ""
    namespace_label: str = "namespace"
    weight: float = 1.0
    floor: float = 0.01
    required: bool = True
    baseline: str = ""


def from_json(form: Mapping[str, Any]) -> CustomMetric:
    """Make a metric from what `dataclasses.asdict` made of it."""
    parts = {name: Selection(**form[name]) for name in ("bad", "every", "histogram") if form[name] is not None}
    return CustomMetric(**{**form, **parts})


@dataclass(frozen=True, slots=True)
class OwnArms(Arms):
    """Arms as an application's own series tell them: by a label, or by the names of pods."""

    by_pod_name: bool = False
    namespace_label: str = ""

    def arm_of(self, labels: Mapping[str, str]) -> Arm | None:
        """Tell whose series this is."""
        value = labels.get(self.label, "")
        for arm, name in ((Arm.STABLE, self.stable), (Arm.STABLE, self.control), (Arm.CANARY, self.canary)):
            if name and self._is_of(name, value):
                return arm
        return None

    def is_past(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a series counts only until the run starts."""
        return bool(self.control) and self._is_of(self.stable, labels.get(self.label, ""))

    def _is_of(self, name: str, value: str) -> bool:
        return bool(re.fullmatch(re.escape(name) + _POD, value)) if self.by_pod_name else value == name

    def matchers(self, *, reporter: str = "", arms: Sequence[Arm] = (Arm.STABLE, Arm.CANARY)) -> list[str]:
        """Give the matchers of the named arms' series; application metrics have no reporter."""
        del reporter
        names = self.values(arms)
        found = one_of(self.label, names)
        if self.by_pod_name:
            found = f"{self.label}=~{quote('|'.join(literal(name) + _POD for name in names))}"
        return [found, equal(self.namespace_label, self.namespace)] if self.namespace_label else [found]


def own_arms(metric: CustomMetric, namespace: str, *, against_baseline: bool = False) -> OwnArms:
    """Give what tells the arms apart in a custom metric's series."""
    return OwnArms(
        metric.stable, metric.canary, namespace, metric.label or "pod",
        by_pod_name=not metric.label, namespace_label=metric.namespace_label,
        control=metric.baseline if against_baseline else "",
    )  # fmt: skip


def source(metric: CustomMetric, namespace: str, weight: float, *, against_baseline: bool = False) -> Source:
    """Give what a custom metric reads; `weight` is its part of the error budget."""
    arms = own_arms(metric, namespace, against_baseline=against_baseline)
    if metric.histogram is not None:
        return _histogram(metric, metric.histogram, arms, weight)
    if metric.bad is None or metric.every is None:
        raise ValueError(f"custom metric {metric.name} has neither a pair of counters nor a histogram")
    return _pair(metric, metric.bad, metric.every, arms, weight)


def sources(metrics: Sequence[CustomMetric], namespace: str, *, against_baseline: bool = False) -> tuple[Source, ...]:
    """Give the sources of all custom metrics, which share CUSTOM_WEIGHT."""
    whole = sum(metric.weight for metric in metrics)
    return tuple(
        source(metric, namespace, CUSTOM_WEIGHT * metric.weight / whole, against_baseline=against_baseline)
        for metric in metrics
    )


def _pair(metric: CustomMetric, bad: Selection, every: Selection, arms: OwnArms, weight: float) -> Source:
    shared = [matcher for matcher in every.matchers if matcher in bad.matchers]
    names = sorted({bad.metric, every.metric})
    whole = (_TOTAL, _BAD, _BOTH) if metric.every_is_good else (_TOTAL, _BOTH)
    return Source(
        name=metric.name,
        kind=MetricKind.CUSTOM,
        selector=_any_of(names, [*arms.matchers(), *shared]),
        classify=_by_selection(arms, bad, every),
        definitions=(("", None, Definition(whole=whole, bad=(_BAD, _BOTH))),),
        weight=weight,
        by=(NAME, *sorted({*bad.match, *bad.match_regex, *every.match, *every.match_regex})),
        floor=metric.floor,
        arms=arms,
        required=metric.required,
    )


def _histogram(metric: CustomMetric, buckets: Selection, arms: OwnArms, weight: float) -> Source:
    bound = metric.bound
    bad = Definition(whole=(0,), bad=(0,), good=(1,)) if metric.above else Definition(whole=(0,), bad=(1,))
    return Source(
        name=metric.name,
        kind=MetricKind.CUSTOM,
        selector=selector(buckets.metric, [*arms.matchers(), *buckets.matchers, bounds_matcher([bound])]),
        classify=by_bound(arms, [bound]),
        definitions=(("above" if metric.above else "at or below", bound, bad),),
        unit=metric.unit,
        weight=weight,
        bounds=(bound,),
        by=("le",),
        floor=metric.floor,
        arms=arms,
        required=metric.required,
    )


def _any_of(names: Sequence[str], matchers: Sequence[str]) -> str:
    if len(names) == 1:
        return selector(names[0], matchers)
    return f"{{{','.join([one_of(NAME, names), *matchers])}}}"


def _by_selection(arms: OwnArms, bad: Selection, every: Selection) -> Callable[[RawSeries], Slot | None]:
    def classify(series: RawSeries) -> Slot | None:
        arm = arms.arm_of(series.labels)
        counts = (every.has(series.labels), bad.has(series.labels))
        slot = {(True, False): _TOTAL, (False, True): _BAD, (True, True): _BOTH}.get(counts)
        return None if arm is None or slot is None else (arm, slot)

    return classify
