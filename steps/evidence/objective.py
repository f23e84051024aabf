"""Which bucket bound stands for the limit of a latency objective."""

from collections.abc import Sequence


def objective_bound(bounds: Sequence[float], limit: float) -> float | None:
    """Give the least of a histogram's finite bounds that is not below the limit, in the same unit; None if all are."""
    return min((bound for bound in bounds if bound >= limit), default=None)
