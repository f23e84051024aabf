"""Polls come when scrapes are due, so that faults show soon and Prometheus gets no useless queries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.actions.polling import FASTEST_SECONDS, SLOWEST_SECONDS, next_poll_seconds
from steps.model.evidence import Evidence

_SET = 1_000_000.0
"""When the weight was set, unix seconds."""


def _seconds(interval: float, since: float, *, in_run: bool = True) -> float:
    """Return the pause when the newest scrape is so old, one of the run (`in_run`) or of the time before it."""
    now = _SET + since
    started = 0.0 if in_run else now
    evidence = Evidence((), started, started, max(started, _SET), interval, aligned=True, newest=_SET)
    return next_poll_seconds(evidence, now)


def test_a_scrape_is_read_as_soon_as_it_is_there() -> None:
    """Half a second before it is due, the next look is half a second away."""
    assert _seconds(5.0, 4.5) == pytest.approx(0.65)
    assert _seconds(15.0, 12.0) == pytest.approx(3.15)


def test_the_first_scrape_of_a_run_is_due_by_the_scrapes_before_it() -> None:
    """The weight was set just now, half a second before a scrape is due: users need not wait a whole interval more."""
    assert _seconds(5.0, 4.5, in_run=False) == pytest.approx(0.65)


def test_without_any_scrape_the_start_of_the_run_is_what_is_known() -> None:
    """Nothing tells when the next one comes."""
    evidence = Evidence((), _SET, _SET, _SET, 5.0, aligned=True)
    assert next_poll_seconds(evidence, _SET + 4.5) == pytest.approx(0.65)


def test_between_scrapes_pods_and_approvals_are_not_forgotten() -> None:
    """Long before the next scrape, the usual interval applies."""
    assert _seconds(15.0, 0.0) == pytest.approx(5.0)
    assert _seconds(60.0, 10.0) == pytest.approx(5.0)


def test_a_late_scrape_is_queried_often_but_not_for_ever() -> None:
    """It may be a second late; after an interval it is lost, and Prometheus may be down."""
    assert _seconds(5.0, 5.5) == pytest.approx(0.5)
    assert _seconds(15.0, 16.0) == pytest.approx(1.0)
    assert _seconds(15.0, 40.0) == pytest.approx(5.0)


@given(st.floats(0, 300), st.floats(-1e4, 1e4))
def test_a_pause_is_never_shorter_or_longer_than_promised(interval: float, since: float) -> None:
    """For all clock values."""
    assert FASTEST_SECONDS <= _seconds(interval, since) <= SLOWEST_SECONDS
