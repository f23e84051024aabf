"""The standard metrics: which series they read, what each series counts, and what is bad."""

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
"""Parts of the error budget: errors hurt most and must be decided by the fewest requests."""

NO_SERVICE: Final = -1
"""Slot of failed requests that name no service: a gateway does not say whose they were."""

SeriesDefinition = tuple[str, float | None, BadRatio]
"""Label, bound and definition of one series of the evidence."""


@dataclass(frozen=True, slots=True)
class DerivedMetric:
    """A further metric that is read off the same series as another one.

    Attributes:
        definitions: gives its series from the labels of stable's, as they are at the first reading.
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
        by: labels to keep when the series are too many to be read one by one.
        unclassified: slot number of requests that count for neither side, or None.
        floor: least difference of the bad shares (0-1) that counts as harm; None = the judge's own for this kind.
        arms: what tells the arms apart in this metric; None = as in the standard ones. Such a metric comes from targets
            of its own: whether both arms are counted by the same ones shows only when they are read.
        required: without series of both arms this metric's absence is a problem.
        unattributed: selector of series of the same metric whose workload is unknown, "" = none.
        beside: a metric that is read off the same series, or None.
        objective: series of the latency objective, or None.
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
    beside: DerivedMetric | None = None
    objective: SeriesDefinition | None = None


def errors(arms: ArmLabels, reporter: str, ignored: Collection[str] = ()) -> MetricDefinition:
    """Failed requests (see `outcomes`), and beside them the classes of answers, without the ignored ones."""
    definition = BadRatio(whole=CLASSIFIED, bad=(AnswerSlot.BAD,), nobodys=(AnswerSlot.BAD, NO_SERVICE))
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
        beside=_answers(ignored),
    )


def _by_answer(arms: ArmLabels) -> Callable[[RawSeries], Slot | None]:
    """By arm and answer; of requests that are nobody's, the failed ones alone are worth counting."""

    def classify(series: RawSeries) -> Slot | None:
        labels = series.labels
        by_label = arms.arm_of(labels)
        by_service = arms.upstreams.attribute(labels, baseline=bool(arms.control)) if arms.upstreams else None
        # A label that names the service says less than all that is known of the service.
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
    """Answers by class: 4xx, 3xx and what gRPC has instead; None where all classes are ignored."""

    def definitions(stable: Sequence[Mapping[str, str]]) -> tuple[SeriesDefinition, ...]:
        return compared_classes(protocols(stable), ignored)

    if not compared_classes(frozenset(), ignored):
        return None
    return DerivedMetric("answers", MetricKind.ANSWERS, ANSWERS_WEIGHT, definitions)


def latency(
    arms: ArmLabels, reporter: str, bounds: Sequence[tuple[str, float]], objective: ObjectiveBound | None = None
) -> MetricDefinition:
    """Requests slower than stable's own p50, p90 and p99, as bucket bounds allow, and those beyond an objective."""
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
    )


def _slower(values: Sequence[float], bound: float) -> BadRatio:
    """Requests above one of the bounds by which `by_bound` numbers the slots."""
    return BadRatio(whole=(0,), bad=(0,), good=(values.index(bound) + 1,))


def small_bodies(arms: ArmLabels, reporter: str, bound: float) -> MetricDefinition:
    """Successful answers smaller than nearly all of stable's: bytes on the wire, headers included."""
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
    )


def standard_metrics(
    arms: ArmLabels,
    reporter: str,
    bounds: Bounds,
    *,
    objective: ObjectiveBound | None = None,
    ignored: Collection[str] = (),
) -> tuple[MetricDefinition, ...]:
    """Give the standard metrics for which bounds are known."""
    found = [errors(arms, reporter, ignored)]
    if bounds.latency or objective:
        found.append(latency(arms, reporter, bounds.latency, objective))
    if bounds.small is not None:
        found.append(small_bodies(arms, reporter, bounds.small))
    return tuple(found)


def classify_by_bound(arms: ArmLabels, bounds: Sequence[float]) -> Callable[[RawSeries], Slot | None]:
    """Slot 0 is +Inf (every request), slot i + 1 the bucket of bounds[i]."""
    numbers = {bound: i + 1 for i, bound in enumerate(bounds)} | {inf: 0}

    def classify(series: RawSeries) -> Slot | None:
        arm, slot = arms.arm_of(series.labels), numbers.get(bound_of(series.labels))
        return None if arm is None or slot is None else (arm, slot)

    return classify


def bound_of(labels: Mapping[str, str]) -> float:
    """Give the bound of a bucket's series; NaN where it has none that is a number."""
    try:
        return parse_le(labels.get("le", "nan"))
    except ValueError:
        return nan
