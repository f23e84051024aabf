"""The latency objective: at which bucket bound its limit is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from steps.model.evidence import LatencyObjective


@dataclass(frozen=True, slots=True)
class ObjectiveBound:
    """The bucket bound of an objective.

    Attributes:
        bound: the `le` at or next above the limit, in the histogram's unit.
        label: its name for people, such as "p99".
        note: a sentence if the bound is not the limit itself, else "".
    """

    bound: float
    label: str
    note: str = ""


class ObjectiveOutOfRangeError(ValueError):
    """No bucket bound reaches an objective's limit; the text is a sentence with the remedy."""


def bound_at_or_above(values: Iterable[str | float], limit_ms: float, unit_factor: float) -> float | None:
    """Return the lowest finite bucket bound at or above a limit; None if there is none.

    Args:
        values: the `le` values of stable's histogram, as text or numbers; others are left out.
        limit_ms: the limit, milliseconds.
        unit_factor: milliseconds in one unit of the histogram: 1, or 1000 for seconds.
    """
    limit = limit_ms / unit_factor
    # 0.1 s is not exactly 100 ms in binary.
    return next((bound for bound in _finite(values) if bound >= limit * (1.0 - 1e-9)), None)


def locate_objective(objective: LatencyObjective, values: Iterable[str | float], unit_factor: float) -> ObjectiveBound:
    """Find the bucket bound of an objective; arguments as for `bound_at_or_above`.

    Raises:
        BeyondError: no bucket reaches the limit, or the histogram has none.
    """
    known = _finite(values)
    label, limit = f"p{100.0 * objective.quantile:g}", objective.limit_ms
    bound = bound_at_or_above(known, limit, unit_factor)
    if bound is None:
        largest = f"{known[-1] * unit_factor:g} ms is its largest bound" if known else "it has no bounds at all"
        raise ObjectiveOutOfRangeError(
            f"the latency objective ({label} at most {limit:g} ms) cannot be read from stable's histogram: {largest}."
            f" Lower the limit, or raise the buckets (annotation sidecar.istio.io/statsHistogramBuckets)"
        )
    if abs(bound * unit_factor - limit) <= 1e-6 * limit:
        return ObjectiveBound(bound, label)
    note = (
        f"latency objective: stable's histogram has no bound {limit:g} ms, so {bound * unit_factor:g} ms is used, the"
        f" next one above"
    )
    return ObjectiveBound(bound, label, note)


def _finite(values: Iterable[str | float]) -> list[float]:
    found = set()
    for value in values:
        try:
            found.add(float(value))
        except ValueError:
            continue
    return sorted(bound for bound in found if isfinite(bound))
