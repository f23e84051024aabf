"""Which histogram tells how long requests took, in which unit, and what keeps it from being read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from steps.evidence.bounds import finite_bounds
from steps.evidence.failures import EvidenceError
from steps.evidence.naming import MeshMetrics, Unit, WantedNames, classic, unit_by_bounds, unit_by_name, whole
from steps.evidence.objective import BeyondError, ObjectiveBound, located
from steps.evidence.prometheus import Prometheus
from steps.evidence.samples import NAME, scalar_by
from steps.evidence.selectors import Arms, any_of, selector
from steps.model.evidence import Arm, LatencyObjective, ProblemKind

_SHOWN: Final = 12
_THOUSAND: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Durations:
    """What Prometheus has of stable's durations.

    Attributes:
        metrics: the mesh's metrics, with the histogram that was found and its unit.
        bounds: its finite bucket bounds, in order; () where there is no histogram.
        native: names of native histograms, which have no buckets to read.
        fault: a full sentence where the histogram cannot be read as it was configured, "" otherwise.
    """

    metrics: MeshMetrics
    bounds: tuple[float, ...] = ()
    native: tuple[str, ...] = ()
    fault: str = ""


def found_name(prometheus: Prometheus, arms: Arms, wanted: WantedNames) -> MeshMetrics:
    """Find the name of the histogram, and its unit. One query at most; two where nothing but bounds tells the unit.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    names = wanted.durations
    if len(names) > 1:
        there = _names(prometheus, arms, names)
        names = tuple(name for name in names if name in there) or names
    return with_unit(wanted.names(names[0]), wanted, lambda: bounds_of(prometheus, arms, names[0]))


def find(prometheus: Prometheus, arms: Arms, wanted: WantedNames) -> Durations:
    """Look at stable's histograms of durations before anything moves. Two queries.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    there = _names(
        prometheus, arms, [other for name in wanted.durations for other in (name, whole(name), classic(name))]
    )
    name = next((name for name in wanted.durations if name in there), "")
    if not name or not (bounds := bounds_of(prometheus, arms, name)):
        return _unreadable(prometheus, arms, wanted, there)
    metrics = with_unit(wanted.names(name), wanted, lambda: bounds)
    return Durations(metrics, bounds, fault=_unit_fault(wanted, name, bounds))


def with_unit(metrics: MeshMetrics, wanted: WantedNames, bounds: Callable[[], Sequence[float]]) -> MeshMetrics:
    """Settle the unit: as set, else by the histogram's name, else by its bounds."""
    if wanted.unit != "auto" or unit_by_name(metrics.duration) is not None:
        return metrics
    unit: Unit = unit_by_bounds(bounds()) or "ms"
    return replace(metrics, unit=unit)


def objective_at(objective: LatencyObjective | None, found: Durations) -> ObjectiveBound | None:
    """Find the bucket bound at which a latency objective is read; None where there is no objective.

    Raises:
        BeyondError: no bucket can hold it; the sentence lists the bounds, or says that there is no histogram.
    """
    if objective is None:
        return None
    try:
        return located(objective, found.bounds, factor(found.metrics.unit))
    except BeyondError as fault:
        name, unit = found.metrics.duration, found.metrics.unit
        there = f"the bounds of {name} are {_listed(found.bounds)} {unit}" if found.bounds else f"{name} is not there"
        raise BeyondError(f"{fault}; {there}") from fault


def factor(unit: Unit) -> float:
    """Give the milliseconds in one unit of a histogram."""
    return _THOUSAND if unit == "s" else 1.0


def _unreadable(prometheus: Prometheus, arms: Arms, wanted: WantedNames, there: Sequence[str]) -> Durations:
    """Tell a histogram that is native, a name without its suffix, and what is not a histogram, from none at all."""
    metrics = wanted.names()
    named = [name for name in wanted.durations if classic(name) != name and classic(name) in there]
    if named:
        return Durations(metrics, fault=f"{named[0]} is not a bucket series: set --duration-metric {classic(named[0])}")
    present = dict.fromkeys(whole(name) for name in wanted.durations if whole(name) in there)
    native = tuple(name for name in present if _is_native(prometheus, arms, name))
    if not native:
        text = f"{wanted.duration} has no buckets (label le): name the _bucket series of a histogram with"
        return Durations(metrics, fault=f"{text} --duration-metric" if wanted.duration in there else "")
    text = (
        f"{native[0]} is a native histogram, which has no buckets with fixed bounds to read: let Prometheus keep the"
        f" classic ones too, with `always_scrape_classic_histograms: true` in the scrape job"
        f" (`scrape_classic_histograms: true` before Prometheus 3)"
    )
    return Durations(metrics, native=native, fault=text)


def _is_native(prometheus: Prometheus, arms: Arms, name: str) -> bool:
    """Ask whether stable's series of this name are native histograms; a server that does not know any has none."""
    series = selector(name, arms.matchers(arms=[Arm.STABLE]))
    try:
        return bool(scalar_by(prometheus.query(f"count(histogram_count({series}))").result, ""))
    except EvidenceError as fault:
        if fault.problem.kind is ProblemKind.BAD_QUERY:
            return False
        raise


def _unit_fault(wanted: WantedNames, name: str, bounds: Sequence[float]) -> str:
    """Say that the bounds are in another unit than the name or the setting says, or could be in either."""
    said = wanted.unit if wanted.unit != "auto" else unit_by_name(name)
    seen = unit_by_bounds(bounds, surely=said is not None)
    evidence = f"the bucket bounds of {name} are {_listed(bounds)}"
    if said is None and seen is None:
        return f"{evidence}, which could be milliseconds or seconds: say which with --duration-unit ms or s"
    if said is None or seen is None or seen == said:
        return ""
    source = "--duration-unit" if wanted.unit != "auto" else "its name"
    words = {"s": "seconds", "ms": "milliseconds"}
    return (
        f"{evidence}, which are {words[seen]}, but {source} says {words[said]}: set --duration-unit {seen}, or name"
        f" another histogram with --duration-metric"
    )


def _names(prometheus: Prometheus, arms: Arms, names: Sequence[str]) -> tuple[str, ...]:
    """Give those of the names of which stable has series."""
    series = any_of(list(dict.fromkeys(names)), arms.matchers(arms=[Arm.STABLE]))
    return tuple(scalar_by(prometheus.query(f"count by ({NAME}) ({series})").result, NAME))


def bounds_of(prometheus: Prometheus, arms: Arms, name: str) -> tuple[float, ...]:
    """Give the finite bucket bounds of stable's histogram of this name. One query.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    series = selector(name, arms.matchers(arms=[Arm.STABLE]))
    return finite_bounds(scalar_by(prometheus.query(f"count by (le) ({series})").result, "le"))


def _listed(bounds: Sequence[float]) -> str:
    rest = len(bounds) - _SHOWN
    return ", ".join(f"{bound:g}" for bound in bounds[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
