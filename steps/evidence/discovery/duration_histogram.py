"""The histogram of request durations: its name, its unit, and why it cannot be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from steps.evidence.definitions.bucket_bounds import finite_bounds
from steps.evidence.definitions.latency_objective import ObjectiveBound, ObjectiveOutOfRangeError, locate_objective
from steps.evidence.definitions.metric_names import (
    ConfiguredNames,
    MeshMetrics,
    Unit,
    bucket_name,
    histogram_name,
    unit_by_bounds,
    unit_by_name,
)
from steps.evidence.definitions.promql import ArmLabels, metrics_selector, selector
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.evidence.prometheus_api.samples import NAME_LABEL, values_by_label
from steps.model.evidence import Arm, LatencyObjective, ProblemKind

_SHOWN: Final = 12
_THOUSAND: Final = 1000.0


@dataclass(frozen=True, slots=True)
class DurationHistogram:
    """Stable's histogram of request durations in Prometheus.

    Attributes:
        metrics: the mesh's metrics, with the histogram that was found and its unit.
        bounds: its finite bucket bounds, in order; () if there is no histogram.
        native: names of native histograms, which have no buckets to read.
        fault: a full sentence if the histogram cannot be read as configured, else "".
    """

    metrics: MeshMetrics
    bounds: tuple[float, ...] = ()
    native: tuple[str, ...] = ()
    fault: str = ""


def find_duration_name(prometheus: Prometheus, arms: ArmLabels, wanted: ConfiguredNames) -> MeshMetrics:
    """Find the name of the histogram, and its unit. At most one query; two if only the bounds show the unit.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    names = wanted.durations
    if len(names) > 1:
        there = _names(prometheus, arms, names)
        names = tuple(name for name in names if name in there) or names
    return with_unit(wanted.names(names[0]), wanted, lambda: histogram_bounds(prometheus, arms, names[0]))


def find_duration_histogram(prometheus: Prometheus, arms: ArmLabels, wanted: ConfiguredNames) -> DurationHistogram:
    """Find stable's histogram of durations before any traffic moves. Two queries.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    there = _names(
        prometheus,
        arms,
        [other for name in wanted.durations for other in (name, histogram_name(name), bucket_name(name))],
    )
    name = next((name for name in wanted.durations if name in there), "")
    if not name or not (bounds := histogram_bounds(prometheus, arms, name)):
        return _unreadable(prometheus, arms, wanted, there)
    metrics = with_unit(wanted.names(name), wanted, lambda: bounds)
    return DurationHistogram(metrics, bounds, fault=_unit_fault(wanted, name, bounds))


def with_unit(metrics: MeshMetrics, wanted: ConfiguredNames, bounds: Callable[[], Sequence[float]]) -> MeshMetrics:
    """Return the metrics with their unit: as configured, else by the histogram's name, else by its bounds."""
    if wanted.unit != "auto" or unit_by_name(metrics.duration) is not None:
        return metrics
    unit: Unit = unit_by_bounds(bounds()) or "ms"
    return replace(metrics, unit=unit)


def objective_at(objective: LatencyObjective | None, found: DurationHistogram) -> ObjectiveBound | None:
    """Find the bucket bound at which a latency objective is read; None without an objective.

    Raises:
        BeyondError: no bucket reaches it; the sentence lists the bounds, or says that there is no histogram.
    """
    if objective is None:
        return None
    try:
        return locate_objective(objective, found.bounds, milliseconds_per_unit(found.metrics.unit))
    except ObjectiveOutOfRangeError as fault:
        name, unit = found.metrics.duration, found.metrics.unit
        there = (
            f"the bounds of {name} are {_listed(found.bounds)} {unit}"
            if found.bounds
            else f"Prometheus has no {name} of stable"
        )
        raise ObjectiveOutOfRangeError(f"{fault}; {there}") from fault


def milliseconds_per_unit(unit: Unit) -> float:
    """Return how many milliseconds one unit of a histogram has."""
    return _THOUSAND if unit == "s" else 1.0


def _unreadable(
    prometheus: Prometheus, arms: ArmLabels, wanted: ConfiguredNames, there: Sequence[str]
) -> DurationHistogram:
    """Return why no buckets were found: a native histogram, a name without _bucket, another metric, or none at all."""
    metrics = wanted.names()
    named = [name for name in wanted.durations if bucket_name(name) != name and bucket_name(name) in there]
    if named:
        return DurationHistogram(
            metrics, fault=f"{named[0]} is not a bucket series: set --duration-metric {bucket_name(named[0])}"
        )
    present = dict.fromkeys(histogram_name(name) for name in wanted.durations if histogram_name(name) in there)
    native = tuple(name for name in present if _is_native(prometheus, arms, name))
    if not native:
        text = f"{wanted.duration} has no buckets (label le): set --duration-metric to a histogram's _bucket series"
        return DurationHistogram(metrics, fault=text if wanted.duration in there else "")
    text = (
        f"{native[0]} is a native histogram, which has no buckets with fixed bounds: let Prometheus keep the classic"
        f" buckets too, with `always_scrape_classic_histograms: true` in the scrape job"
        f" (`scrape_classic_histograms: true` before Prometheus 3)"
    )
    return DurationHistogram(metrics, native=native, fault=text)


def _is_native(prometheus: Prometheus, arms: ArmLabels, name: str) -> bool:
    """Return whether stable's series of this name are native histograms; an old server does not know any."""
    series = selector(name, arms.matchers(arms=[Arm.STABLE]))
    try:
        return bool(values_by_label(prometheus.query(f"count(histogram_count({series}))").result, ""))
    except EvidenceError as fault:
        if fault.problem.kind is ProblemKind.BAD_QUERY:
            return False
        raise


def _unit_fault(wanted: ConfiguredNames, name: str, bounds: Sequence[float]) -> str:
    """Return a sentence if the bounds contradict the unit of the name or the setting, or could be either; else ""."""
    said = wanted.unit if wanted.unit != "auto" else unit_by_name(name)
    seen = unit_by_bounds(bounds, surely=said is not None)
    evidence = f"the bucket bounds of {name} are {_listed(bounds)}"
    if said is None and seen is None:
        return f"{evidence}, which could be milliseconds or seconds: set --duration-unit to ms or s"
    if said is None or seen is None or seen == said:
        return ""
    source = "--duration-unit" if wanted.unit != "auto" else "its name"
    words = {"s": "seconds", "ms": "milliseconds"}
    return (
        f"{evidence}, which are {words[seen]}, but {source} says {words[said]}: set --duration-unit {seen}, or"
        f" set --duration-metric to another histogram"
    )


def _names(prometheus: Prometheus, arms: ArmLabels, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of which stable has series."""
    series = metrics_selector(list(dict.fromkeys(names)), arms.matchers(arms=[Arm.STABLE]))
    return tuple(values_by_label(prometheus.query(f"count by ({NAME_LABEL}) ({series})").result, NAME_LABEL))


def histogram_bounds(prometheus: Prometheus, arms: ArmLabels, name: str) -> tuple[float, ...]:
    """Return the finite bucket bounds of stable's histogram of this name. One query.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    series = selector(name, arms.matchers(arms=[Arm.STABLE]))
    return finite_bounds(values_by_label(prometheus.query(f"count by (le) ({series})").result, "le"))


def _listed(bounds: Sequence[float]) -> str:
    rest = len(bounds) - _SHOWN
    return ", ".join(f"{bound:g}" for bound in bounds[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
