"""The standard metrics: which series they read, what each series counts, and what is bad."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from steps.evidence.assemble import Definition
from steps.evidence.bounds import Bounds, number
from steps.evidence.ledger import Slot
from steps.evidence.outcomes import Outcome, outcome
from steps.evidence.samples import RawSeries
from steps.evidence.selectors import Arms, bounds_matcher, selector
from steps.model.evidence import MetricKind

ERRORS_WEIGHT: Final = 0.6
LATENCY_WEIGHT: Final = 0.25
SMALL_WEIGHT: Final = 0.15
"""Parts of the error budget: errors hurt most and must be decided by the fewest requests."""


@dataclass(frozen=True, slots=True)
class Source:
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
    """

    name: str
    kind: MetricKind
    selector: str
    classify: Callable[[RawSeries], Slot | None]
    definitions: tuple[tuple[str, float | None, Definition], ...]
    unit: str = ""
    weight: float = 1.0
    bounds: tuple[float, ...] = ()
    by: tuple[str, ...] = ()
    unclassified: int | None = None
    floor: float | None = None
    arms: Arms | None = None
    required: bool = False


def errors(arms: Arms, reporter: str) -> Source:
    """Failed requests (see `outcomes`)."""

    def classify(series: RawSeries) -> Slot | None:
        arm = arms.arm_of(series.labels)
        return None if arm is None else (arm, int(outcome(series.labels)))

    definition = Definition(whole=(Outcome.GOOD, Outcome.BAD), bad=(Outcome.BAD,))
    return Source(
        name="errors",
        kind=MetricKind.ERRORS,
        selector=selector(arms.metrics.requests, arms.matchers(reporter=reporter)),
        classify=classify,
        definitions=(("", None, definition),),
        weight=ERRORS_WEIGHT,
        by=("response_code", "response_flags", "grpc_response_status"),
        unclassified=Outcome.UNCLASSIFIED,
    )


def latency(arms: Arms, reporter: str, bounds: Sequence[tuple[str, float]]) -> Source:
    """Requests slower than stable's own p50, p90 and p99, as bucket bounds allow."""
    values = [bound for _, bound in bounds]
    return Source(
        name="latency",
        kind=MetricKind.LATENCY,
        selector=selector(arms.metrics.duration, [*arms.matchers(reporter=reporter), bounds_matcher(values)]),
        classify=by_bound(arms, values),
        definitions=tuple(
            (label, bound, Definition(whole=(0,), bad=(0,), good=(i + 1,))) for i, (label, bound) in enumerate(bounds)
        ),
        unit=arms.metrics.unit,
        weight=LATENCY_WEIGHT,
        bounds=tuple(values),
        by=("le",),
    )


def small_bodies(arms: Arms, reporter: str, bound: float) -> Source:
    """Successful answers smaller than nearly all of stable's: bytes on the wire, headers included."""
    matchers = [*arms.matchers(reporter=reporter), 'response_code=~"2.."', bounds_matcher([bound])]
    return Source(
        name="small-bodies",
        kind=MetricKind.SMALL_BODIES,
        selector=selector(arms.metrics.response_bytes, matchers),
        classify=by_bound(arms, [bound]),
        definitions=(("", bound, Definition(whole=(0,), bad=(1,))),),
        unit="bytes",
        weight=SMALL_WEIGHT,
        bounds=(bound,),
        by=("le",),
    )


def standard(arms: Arms, reporter: str, bounds: Bounds) -> tuple[Source, ...]:
    """Give the standard metrics for which bounds are known."""
    found = [errors(arms, reporter)]
    if bounds.latency:
        found.append(latency(arms, reporter, bounds.latency))
    if bounds.small is not None:
        found.append(small_bodies(arms, reporter, bounds.small))
    return tuple(found)


def by_bound(arms: Arms, bounds: Sequence[float]) -> Callable[[RawSeries], Slot | None]:
    """Slot 0 is +Inf (every request), slot i + 1 the bucket of bounds[i]."""
    numbers = {bound: i + 1 for i, bound in enumerate(bounds)} | {inf: 0}

    def classify(series: RawSeries) -> Slot | None:
        arm, slot = arms.arm_of(series.labels), numbers.get(number(series.labels.get("le", "nan")))
        return None if arm is None or slot is None else (arm, slot)

    return classify
