"""How durations spread over the buckets of a histogram."""

from itertools import pairwise
from math import erf, log, sqrt

from tests.bench.simulation.family import Latency

DURATIONS_MS = (5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0)
"""Bucket bounds; the mesh of the benchmark has fewer than Envoy's 20, as an annotation may set them."""


def duration_shares(latency: Latency) -> list[float]:
    """Return the share of requests in each bucket, the last one above all bounds."""
    below = [
        (1.0 - latency.slow_ratio) * _normal(log(bound / latency.median_ms) / latency.sigma)
        + latency.slow_ratio * _normal(log(bound / latency.slow_ms) / 0.2)
        for bound in DURATIONS_MS
    ]
    shares = [below[0], *(after - before for before, after in pairwise(below)), 1.0 - below[-1]]
    whole = sum(max(0.0, share) for share in shares)
    return [max(0.0, share) / whole for share in shares]


def _normal(value: float) -> float:
    return 0.5 * (1.0 + erf(value / sqrt(2.0)))
