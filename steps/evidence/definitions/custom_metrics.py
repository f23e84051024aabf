"""Custom metrics: the application's own counters and histograms, read as raw samples like the standard ones."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.strata import BadRatio
from steps.evidence.definitions.custom_arms import CustomArmLabels, CustomMetricContext
from steps.evidence.definitions.promql import (
    equal_matcher,
    le_matcher,
    metrics_selector,
    regex_matcher,
    selector,
)
from steps.evidence.definitions.standard_metrics import MetricDefinition, classify_by_bound
from steps.evidence.prometheus_api.samples import NAME_LABEL, RawSeries
from steps.model.evidence import MetricKind

CUSTOM_WEIGHT: Final = 0.2
"""Part of the error budget of all custom metrics together; the standard ones have 1, so errors keep half of all."""

POD_LABEL: Final = "pod"
NAMESPACE_LABEL: Final = "namespace"
"""Labels with the names of pods and namespaces, if nothing else is known."""

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
        """Return whether a series is one of them."""
        return (
            labels.get(NAME_LABEL) == self.metric
            and all(labels.get(label, "") == value for label, value in self.match.items())
            and all(re.fullmatch(value, labels.get(label, "")) for label, value in self.match_regex.items())
        )


@dataclass(frozen=True, slots=True)
class CustomMetric:
    """One custom metric: a pair of counters, or a histogram with a bound.

    Attributes:
        bad, every: of a pair; `every` counts all events, or the good ones with `every_is_good`.
        histogram: its buckets; `bound` and `above` define which observations are bad.
        label: its values `stable` and `canary` tell the arms apart; "" = the names of the pods of these Deployments do.
        namespace_label: label with the arms' namespace, "" = none, None = found by asking Prometheus.
        weight: relative to the other custom metrics (> 0).
        floor: minimum difference of the bad shares (0-1) that counts as harm.
        required: without series of both arms no canary passes.
        baseline: value of the label for the baseline; "" = this metric compares with stable even with a baseline.
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
        """The Deployments whose pods tell the arms apart; () if a label of its own does."""
        return () if self.label else tuple(name for name in (self.stable, self.canary, self.baseline) if name)


def custom_metric_from_json(form: Mapping[str, Any]) -> CustomMetric:
    """Return the metric that `dataclasses.asdict` turned into a dict."""
    parts = {name: Selection(**form[name]) for name in ("bad", "every", "histogram") if form[name] is not None}
    return CustomMetric(**{**form, **parts})


def custom_arm_labels(metric: CustomMetric, around: CustomMetricContext) -> CustomArmLabels:
    """Return the labels that tell the arms apart in a custom metric's series."""
    within = NAMESPACE_LABEL if metric.namespace_label is None else metric.namespace_label
    return CustomArmLabels(
        metric.stable, metric.canary, around.namespace, metric.label or metric.pod_label or POD_LABEL, around.more,
        by_pod_name=not metric.label, namespace_label=within, pods=around.pods,
        control=metric.baseline if around.against_baseline else "",
    )  # fmt: skip


def custom_metric(metric: CustomMetric, around: CustomMetricContext, weight: float) -> MetricDefinition:
    """Return the definition of a custom metric; `weight` is its part of the error budget."""
    arms = custom_arm_labels(metric, around)
    if metric.histogram is not None:
        return _histogram(metric, metric.histogram, arms, weight)
    if metric.bad is None or metric.every is None:
        raise ValueError(f"custom metric {metric.name} has neither a pair of counters nor a histogram")
    return _pair(metric, metric.bad, metric.every, arms, weight)


def custom_metrics(metrics: Sequence[CustomMetric], around: CustomMetricContext) -> tuple[MetricDefinition, ...]:
    """Return the definitions of all custom metrics; they share CUSTOM_WEIGHT."""
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
