"""Bounds and reporter are chosen from stable alone."""

import pytest

from steps.evidence.definitions.bucket_bounds import latency_bounds, small_bound
from steps.evidence.discovery.reporter import reporter_of_rates

BUCKETS = {"5.0": 10.0, "10": 60.0, "100": 95.0, "250": 99.5, "+Inf": 100.0}


def test_latency_bounds_lie_at_or_above_the_quantiles() -> None:
    """p50, p90, p99 by stable's own distribution."""
    assert latency_bounds(BUCKETS) == (("p50", 10.0), ("p90", 100.0), ("p99", 250.0))


def test_equal_bounds_are_merged_and_the_last_finite_one_is_the_fallback() -> None:
    """Everything in one bucket, or beyond the last."""
    assert latency_bounds({"5": 100.0, "+Inf": 100.0}) == (("p50/p90/p99", 5.0),)
    assert latency_bounds({"5": 0.0, "+Inf": 100.0}) == (("p50/p90/p99", 5.0),)
    assert latency_bounds({}) == ()


def test_small_bound_is_at_or_below_one_percent() -> None:
    """Nearly all of stable's answers exceed this bound."""
    assert small_bound({"100": 0.0, "500": 1.0, "1000": 50.0, "+Inf": 100.0}) == 500.0
    assert small_bound({}) is None


@pytest.mark.parametrize(
    ("rates", "wanted", "expected"),
    [
        ({"source": 10.0, "destination": 10.0}, "auto", "source"),
        ({"source": 1.0, "destination": 10.0}, "auto", "destination"),
        ({"destination": 10.0}, "auto", "destination"),
        ({"waypoint": 5.0, "destination": 0.0}, "auto", "waypoint"),
        ({"source": 0.0}, "auto", "source"),
        ({"source": 1.0}, "destination", None),
        ({}, "auto", None),
    ],
)
def test_the_reporter_follows_stables_traffic(rates: dict[str, float], wanted: str, expected: str | None) -> None:
    """Source if it sees the traffic, else waypoint, else destination."""
    chosen = reporter_of_rates(rates, wanted)
    assert (chosen.name if chosen else None) == expected


def test_the_tail_bound_is_far_above_the_noise_of_p99() -> None:
    """At least four times p99's bound, and so high that hardly any request of stable exceeds it."""
    quiet = {"5": 900.0, "10": 995.0, "25": 1000.0, "50": 1000.0, "100": 1000.0, "+Inf": 1000.0}
    assert ("tail", 50.0) == latency_bounds(quiet)[-1]
    noisy = quiet | {"25": 996.0, "50": 998.0}
    assert ("tail", 100.0) == latency_bounds(noisy)[-1]
