"""The standard metrics: which series they read, what each series counts, and what is bad.

A metric has four more homes: its kind in `steps/model/evidence.py` (MetricKind), the difference that counts as harm in
`steps/judge/rules.py`, its wording in `steps/judge/wording/phrases.py`, and its name, which custom
metrics may not have, in `steps/settings/metrics.py`. Bounds that are learnt from stable are in `bucket_bounds.py`, and
kept in the claim.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Final

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.strata import BadRatio
from steps.evidence.definitions.answer_classes import CLASSIFIED, AnswerSlot, answer_slot, compared_classes, protocols
from steps.evidence.definitions.bucket_bounds import Bounds, parse_le
from steps.evidence.definitions.latency_objective import ObjectiveBound
from steps.evidence.definitions.promql import ArmLabels, le_matcher, selector
from steps.evidence.definitions.unattributed_requests import ATTRIBUTION_LABELS, unattributed_selector
from steps.evidence.definitions.upstreams import SERVICE_LABELS, Attribution, names_no_service
from steps.evidence.prometheus_api.samples import RawSeries
from steps.model.evidence import Arm, MetricKind

ERRORS_WEIGHT: Final = 0.6
LATENCY_WEIGHT: Final = 0.2
ANSWERS_WEIGHT: Final = 0.12
SMALL_WEIGHT: Final = 0.08
"""Parts of the error budget: errors hurt most, and must be decided with the fewest requests."""

NO_SERVICE: Final = -1
"""Slot of failed requests that name no service: a gateway does not say which app they were for."""

SeriesDefinition = tuple[str, float | None, BadRatio]
"""Label, bound and definition of one series of the evidence."""


@dataclass(frozen=True, slots=True)
class DerivedMetric:
    """A metric that is counted from the series of another one.

    Attributes:
        definitions: returns its series by the labels of stable's, as they are at the first poll.
    """

    name: str
    kind: MetricKind
    weight: float
    definitions: Callable[[Sequence[Mapping[str, str]]], tuple[SeriesDefinition, ...]]


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """One metric to read: its selector, how a series is classified, and its definitions of bad.

    Attributes:
        definitions: (label, bound, definition), one per series of the evidence.
        bounds: the `le` values both arms must have; empty where there are none.
        by: labels to keep if there are too many series to read each of them.
        unclassified: slot number of requests that count for neither side, or None.
        floor: minimum difference of the bad shares (0-1) that counts as harm; None = the judge's own for this kind.
        arms: labels of the arms in this metric; None = as in the standard ones. Such a metric has targets of its own:
            only its samples show whether the same targets count both arms.
        required: it is a problem if an arm has no series of this metric.
        unattributed: selector of series of the same metric whose workload is unknown, "" = none.
        derived: a metric that is counted from the same series, or None.
        objective: series of the latency objective, or None.
        pods: selector of the series that stable's pods count themselves, "" = the metric's own series do, or there are
            none.
    """

    name: str
    kind: MetricKind
    selector: str
    classify: Callable[[RawSeries], Slot | None]
    definitions: tuple[SeriesDefinition, ...]
    unit: str = ""
    weight: float = 1.0
    bounds: tuple[float, ...] = ()
    by: tuple[str, ...] = ()
    unclassified: int | None = None
    floor: float | None = None
    arms: ArmLabels | None = None
    required: bool = False
    unattributed: str = ""
    derived: DerivedMetric | None = None
    objective: SeriesDefinition | None = None
    pods: str = ""


def errors(arms: ArmLabels, reporter: str, ignored: Collection[str] = ()) -> MetricDefinition:
    """Return the metric of failed requests (see `request_status`), and the classes of answers that are not ignored."""
    definition = BadRatio(whole=CLASSIFIED, bad=(AnswerSlot.BAD,), unattributed=(AnswerSlot.BAD, NO_SERVICE))
    return MetricDefinition(
        name="errors",
        kind=MetricKind.ERRORS,
        selector=selector(arms.metrics.requests, arms.matchers(reporter=reporter)),
        classify=_by_answer(arms),
        definitions=(("", None, definition),),
        weight=ERRORS_WEIGHT,
        by=("response_code", "response_flags", "grpc_response_status", "request_protocol", *ATTRIBUTION_LABELS),
        unclassified=AnswerSlot.NONE,
        unattributed=unattributed_selector(arms.metrics.requests, arms, reporter),
        derived=_answers(ignored),
        pods=_pods(arms.metrics.requests, arms, reporter),
    )


def _pods(metric: str, arms: ArmLabels, reporter: str, *more: str) -> str:
    """Return the selector of the series that stable's pods count themselves, "" if the reporter is a pod's proxy."""
    matchers = arms.pod_matchers(reporter)
    return selector(metric, [*matchers, *more]) if matchers else ""


def _by_answer(arms: ArmLabels) -> Callable[[RawSeries], Slot | None]:
    """Return a classifier by arm and answer; of requests of neither arm only the failed ones count."""

    def classify(series: RawSeries) -> Slot | None:
        labels = series.labels
        by_label = arms.arm_of(labels)
        by_service = arms.upstreams.attribute(labels, baseline=bool(arms.control)) if arms.upstreams else None
        # A label that names the service alone says less than all labels of the service together.
        whose: Attribution | None = by_service or by_label if arms.label in SERVICE_LABELS else by_label or by_service
        slot = answer_slot(labels)
        if whose is None:
            return None
        if isinstance(whose, Arm):
            return whose, slot
        if slot is not AnswerSlot.BAD:
            return None
        return None, NO_SERVICE if names_no_service(labels) else slot

    return classify


def _answers(ignored: Collection[str]) -> DerivedMetric | None:
    """Return the metric of answers by class: 4xx, 3xx and their gRPC counterparts; None if all classes are ignored."""

    def definitions(stable: Sequence[Mapping[str, str]]) -> tuple[SeriesDefinition, ...]:
        return compared_classes(protocols(stable), ignored)

    if not compared_classes(frozenset(), ignored):
        return None
    return DerivedMetric("answers", MetricKind.ANSWERS, ANSWERS_WEIGHT, definitions)


def latency(
    arms: ArmLabels, reporter: str, bounds: Sequence[tuple[str, float]], objective: ObjectiveBound | None = None
) -> MetricDefinition:
    """Return the metric of requests slower than stable's p50, p90 and p99 (at bucket bounds), or than an objective."""
    values = [bound for _, bound in bounds]
    if objective is not None and objective.bound not in values:
        values.append(objective.bound)
    return MetricDefinition(
        name="latency",
        kind=MetricKind.LATENCY,
        selector=selector(arms.metrics.duration, [*arms.matchers(reporter=reporter), le_matcher(values)]),
        classify=classify_by_bound(arms, values),
        definitions=tuple((label, bound, _slower(values, bound)) for label, bound in bounds),
        unit=arms.metrics.unit,
        weight=LATENCY_WEIGHT,
        bounds=tuple(values),
        by=("le",),
        objective=(objective.label, objective.bound, _slower(values, objective.bound)) if objective else None,
        pods=_pods(arms.metrics.duration, arms, reporter, le_matcher(values)),
    )


def _slower(values: Sequence[float], bound: float) -> BadRatio:
    """Return the ratio of requests above one of the bounds; `classify_by_bound` numbers the slots."""
    return BadRatio(whole=(0,), bad=(0,), good=(values.index(bound) + 1,))


def small_bodies(arms: ArmLabels, reporter: str, bound: float) -> MetricDefinition:
    """Return the metric of successful answers smaller than nearly all of stable's: bytes on the wire, with headers."""
    matchers = [*arms.matchers(reporter=reporter), 'response_code=~"2.."', le_matcher([bound])]
    return MetricDefinition(
        name="small-bodies",
        kind=MetricKind.SMALL_BODIES,
        selector=selector(arms.metrics.response_bytes, matchers),
        classify=classify_by_bound(arms, [bound]),
        definitions=(("", bound, BadRatio(whole=(0,), bad=(1,))),),
        unit="bytes",
        weight=SMALL_WEIGHT,
        bounds=(bound,),
        by=("le",),
        pods=_pods(arms.metrics.response_bytes, arms, reporter, 'response_code=~"2.."', le_matcher([bound])),
    )


def standard_metrics(
    arms: ArmLabels,
    reporter: str,
    bounds: Bounds,
    *,
    objective: ObjectiveBound | None = None,
    ignored: Collection[str] = (),
) -> tuple[MetricDefinition, ...]:
    """Return the standard metrics whose bounds are known."""
    found = [errors(arms, reporter, ignored)]
    if bounds.latency or objective:
        found.append(latency(arms, reporter, bounds.latency, objective))
    if bounds.small is not None:
        found.append(small_bodies(arms, reporter, bounds.small))
    return tuple(found)


def classify_by_bound(arms: ArmLabels, bounds: Sequence[float]) -> Callable[[RawSeries], Slot | None]:
    """Return a classifier by bucket: slot 0 is +Inf (every request), slot i + 1 the bucket of bounds[i]."""
    numbers = {bound: i + 1 for i, bound in enumerate(bounds)} | {inf: 0}

    def classify(series: RawSeries) -> Slot | None:
        arm, slot = arms.arm_of(series.labels), numbers.get(bound_of(series.labels))
        return None if arm is None or slot is None else (arm, slot)

    return classify


def bound_of(labels: Mapping[str, str]) -> float:
    """Return the bound of a bucket's series; NaN if it is not a number."""
    try:
        return parse_le(labels.get("le", "nan"))
    except ValueError:
        return nan
