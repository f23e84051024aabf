"""Custom metrics: the application's own counters and histograms, read raw as the standard ones are."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.strata import BadRatio
from steps.evidence.definitions.pod_owners import PodOwners, pod_name_pattern
from steps.evidence.definitions.promql import (
    ArmLabels,
    equal_matcher,
    extra_matchers,
    le_matcher,
    metrics_selector,
    one_of_matcher,
    regex_matcher,
    selector,
)
from steps.evidence.definitions.standard_metrics import MetricDefinition, classify_by_bound
from steps.evidence.prometheus_api.samples import NAME_LABEL, RawSeries
from steps.model.evidence import Arm, MetricKind

CUSTOM_WEIGHT: Final = 0.2
"""Part of the budget of all custom metrics together, where the standard ones have 1: errors keep half of the whole."""

POD_LABEL: Final = "pod"
NAMESPACE_LABEL: Final = "namespace"
"""Where the names of pods and namespaces stand if nothing else is known."""

PODS_BY_NAME: Final = PodOwners()
"""Pods recognised by their names alone: for a replay, which has no API server to ask."""

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
        exact = [equal_matcher(label, value) for label, value in sorted(self.match.items())]
        return exact + [regex_matcher(label, value) for label, value in sorted(self.match_regex.items())]

    def has(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a series belongs to it."""
        return (
            labels.get(NAME_LABEL) == self.metric
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
        namespace_label: label with the arms' namespace, "" = none, None = found by asking Prometheus.
        weight: relative to the other custom metrics (> 0).
        floor: least difference of the bad shares (0-1) that counts as harm.
        required: without series of both arms nothing passes.
        baseline: value of the label for the baseline; "" = such a metric compares with stable all the same.
        pod_label: label with the names of pods, "" = found by asking Prometheus.
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
    namespace_label: str | None = None
    weight: float = 1.0
    floor: float = 0.01
    required: bool = True
    baseline: str = ""
    pod_label: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its series in Prometheus."""
        found = (self.histogram, self.every, self.bad)
        return tuple(dict.fromkeys(one.metric for one in found if one is not None))

    @property
    def deployments(self) -> tuple[str, ...]:
        """The Deployments whose pods it is told apart by; () where a label of its own does."""
        return () if self.label else tuple(name for name in (self.stable, self.canary, self.baseline) if name)


def custom_metric_from_json(form: Mapping[str, Any]) -> CustomMetric:
    """Make a metric from what `dataclasses.asdict` made of it."""
    parts = {name: Selection(**form[name]) for name in ("bad", "every", "histogram") if form[name] is not None}
    return CustomMetric(**{**form, **parts})


@dataclass(frozen=True, slots=True)
class CustomArmLabels(ArmLabels):
    """Arms as an application's own series tell them: by a label, or by the names of pods.

    Attributes:
        pods: tells whose a pod is.
    """

    by_pod_name: bool = False
    namespace_label: str = ""
    pods: PodOwners = PODS_BY_NAME

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
        if not self.by_pod_name:
            return value == name
        return self.pods.is_of(name, value, [one for one in (self.stable, self.canary, self.control) if one])

    def matchers(self, *, reporter: str = "", arms: Sequence[Arm] = (Arm.STABLE, Arm.CANARY)) -> list[str]:
        """Give the matchers of the named arms' series; application metrics have no reporter."""
        del reporter
        names = self.values(arms)
        found = one_of_matcher(self.label, names)
        if self.by_pod_name:
            found = regex_matcher(self.label, "|".join(pod_name_pattern(name) for name in names))
        within = [equal_matcher(self.namespace_label, self.namespace)] if self.namespace_label else []
        return [found, *within, *extra_matchers(self.more)]


@dataclass(frozen=True, slots=True)
class CustomMetricContext:
    """What all custom metrics of a run share.

    Attributes:
        namespace: of the arms.
        more: further labels and their values, as in `Arms.more`.
        pods: tells whose a pod is.
        against_baseline: the canary is compared with its baseline.
    """

    namespace: str
    more: Mapping[str, str] = field(default_factory=dict)
    pods: PodOwners = PODS_BY_NAME
    against_baseline: bool = False


def custom_arm_labels(metric: CustomMetric, around: CustomMetricContext) -> CustomArmLabels:
    """Give what tells the arms apart in a custom metric's series."""
    within = NAMESPACE_LABEL if metric.namespace_label is None else metric.namespace_label
    return CustomArmLabels(
        metric.stable, metric.canary, around.namespace, metric.label or metric.pod_label or POD_LABEL, around.more,
        by_pod_name=not metric.label, namespace_label=within, pods=around.pods,
        control=metric.baseline if around.against_baseline else "",
    )  # fmt: skip


def custom_metric(metric: CustomMetric, around: CustomMetricContext, weight: float) -> MetricDefinition:
    """Give what a custom metric reads; `weight` is its part of the error budget."""
    arms = custom_arm_labels(metric, around)
    if metric.histogram is not None:
        return _histogram(metric, metric.histogram, arms, weight)
    if metric.bad is None or metric.every is None:
        raise ValueError(f"custom metric {metric.name} has neither a pair of counters nor a histogram")
    return _pair(metric, metric.bad, metric.every, arms, weight)


def custom_metrics(metrics: Sequence[CustomMetric], around: CustomMetricContext) -> tuple[MetricDefinition, ...]:
    """Give the sources of all custom metrics, which share CUSTOM_WEIGHT."""
    whole = sum(metric.weight for metric in metrics)
    return tuple(custom_metric(metric, around, CUSTOM_WEIGHT * metric.weight / whole) for metric in metrics)


def _pair(
    metric: CustomMetric, bad: Selection, every: Selection, arms: CustomArmLabels, weight: float
) -> MetricDefinition:
    shared = [matcher for matcher in every.matchers if matcher in bad.matchers]
    names = sorted({bad.metric, every.metric})
    whole = (_TOTAL, _BAD, _BOTH) if metric.every_is_good else (_TOTAL, _BOTH)
    return MetricDefinition(
        name=metric.name,
        kind=MetricKind.CUSTOM,
        selector=metrics_selector(names, [*arms.matchers(), *shared]),
        classify=_by_selection(arms, bad, every),
        definitions=(("", None, BadRatio(whole=whole, bad=(_BAD, _BOTH))),),
        weight=weight,
        by=(NAME_LABEL, *sorted({*bad.match, *bad.match_regex, *every.match, *every.match_regex})),
        floor=metric.floor,
        arms=arms,
        required=metric.required,
    )


def _histogram(metric: CustomMetric, buckets: Selection, arms: CustomArmLabels, weight: float) -> MetricDefinition:
    bound = metric.bound
    bad = BadRatio(whole=(0,), bad=(0,), good=(1,)) if metric.above else BadRatio(whole=(0,), bad=(1,))
    return MetricDefinition(
        name=metric.name,
        kind=MetricKind.CUSTOM,
        selector=selector(buckets.metric, [*arms.matchers(), *buckets.matchers, le_matcher([bound])]),
        classify=classify_by_bound(arms, [bound]),
        definitions=(("above" if metric.above else "at or below", bound, bad),),
        unit=metric.unit,
        weight=weight,
        bounds=(bound,),
        by=("le",),
        floor=metric.floor,
        arms=arms,
        required=metric.required,
    )


def _by_selection(arms: CustomArmLabels, bad: Selection, every: Selection) -> Callable[[RawSeries], Slot | None]:
    def classify(series: RawSeries) -> Slot | None:
        arm = arms.arm_of(series.labels)
        counts = (every.has(series.labels), bad.has(series.labels))
        slot = {(True, False): _TOTAL, (False, True): _BAD, (True, True): _BOTH}.get(counts)
        return None if arm is None or slot is None else (arm, slot)

    return classify
