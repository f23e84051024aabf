"""Polls come when scrapes are due, so that faults show soon and Prometheus gets no useless queries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.actions.polling import FASTEST_SECONDS, SLOWEST_SECONDS, next_poll_seconds


def test_a_scrape_is_read_as_soon_as_it_is_there() -> None:
    """Half a second before it is due, the next look is half a second away."""
    assert next_poll_seconds(5.0, 4.5) == pytest.approx(0.65)
    assert next_poll_seconds(15.0, 12.0) == pytest.approx(3.15)


def test_between_scrapes_pods_and_approvals_are_not_forgotten() -> None:
    """Long before the next scrape, the usual interval applies."""
    assert next_poll_seconds(15.0, 0.0) == pytest.approx(5.0)
    assert next_poll_seconds(60.0, 10.0) == pytest.approx(5.0)


def test_a_late_scrape_is_queried_often_but_not_for_ever() -> None:
    """It may be a second late; after an interval it is lost, and Prometheus may be down."""
    assert next_poll_seconds(5.0, 5.5) == pytest.approx(0.5)
    assert next_poll_seconds(15.0, 16.0) == pytest.approx(1.0)
    assert next_poll_seconds(15.0, 40.0) == pytest.approx(5.0)


@given(st.floats(0, 300), st.floats(-1e4, 1e4))
def test_a_pause_is_never_shorter_or_longer_than_promised(interval: float, since: float) -> None:
    """For all clock values."""
    assert FASTEST_SECONDS <= next_poll_seconds(interval, since) <= SLOWEST_SECONDS
