"""When a side may stop, by what somebody counted of its requests."""

from __future__ import annotations

import pytest

from steps.actions.departure import Departure
from steps.model.arrivals import Arrivals

SINCE = 1000.0


def waiting(drain: float = 5.0, limit: float = 60.0, since: float = SINCE, *, is_counted: bool = True) -> Departure:
    """Return a wait that began when the weight was moved."""
    return Departure(since, SINCE, drain, limit, is_counted=is_counted)


def seen(until: float, last: float = 0.0, before: float = 0.0, interval: float = 2.0) -> Arrivals:
    """Return what was counted, in seconds after the weight was moved."""
    newest = SINCE + last if last else 0.0
    return Arrivals("Prometheus", SINCE, SINCE + until, newest, before, interval, per_second=3.0)


def test_a_side_stops_when_the_last_request_is_as_old_as_the_drain() -> None:
    """Requests in flight are answered in that time; the weight alone says nothing."""
    assert 3.0 == waiting().seconds_left(seen(10.0, last=8.0), SINCE + 10.0)
    assert -1.0 == waiting().seconds_left(seen(14.0, last=8.0), SINCE + 14.0)
    assert 1.0 == waiting().seconds_left(seen(4.0), SINCE + 4.0)


def test_nobody_who_counts_means_the_limit() -> None:
    """And a side without any weight in this run has nothing to wait for but the drain."""
    assert 50.0 == waiting().seconds_left(None, SINCE + 10.0)
    assert 0 >= waiting().seconds_left(None, SINCE + 60.0)
    assert 0 >= waiting(since=0.0).seconds_left(None, SINCE)
    assert 0 >= waiting(is_counted=False).seconds_left(None, SINCE + 5.0)


def test_requests_that_still_arrive_at_the_limit_keep_it_up() -> None:
    """With a control plane that is dead, they never end."""
    found = seen(60.0, last=60.0)
    assert 0 >= waiting().seconds_left(found, SINCE + 60.0)
    assert waiting().is_still_used(found, SINCE + 60.0)
    assert 0 < waiting().seconds_left(found, SINCE + 59.0)


def test_a_straggler_of_long_ago_does_not_keep_it_up() -> None:
    """It was the only one, and the app is too quiet to be sure."""
    found = seen(60.0, last=10.0, before=0.01)
    assert not waiting().is_quiet(found)
    assert not waiting().is_still_used(found, SINCE + 60.0)


@pytest.mark.parametrize(("before", "quiet"), [(0.0, True), (2.0, True), (0.5, False), (0.1, False)])
def test_a_quiet_app_is_watched_longer(before: float, *, quiet: bool) -> None:
    """No request within 5 s says much about an app with two a second, and little about one with 0.5 a second."""
    assert quiet == waiting().is_quiet(seen(5.0, before=before))


def test_a_count_from_before_the_move_says_nothing() -> None:
    """Prometheus has not scraped since then."""
    early = seen(-3.0, interval=15.0)
    assert not waiting().is_quiet(early)
    assert 0 < waiting().seconds_left(early, SINCE + 10.0)


def test_a_slow_prometheus_is_waited_for_twice() -> None:
    """The limit is too short for two scrapes a minute apart; there is an end to that, too."""
    assert 0 < waiting().seconds_left(seen(30.0, last=30.0, interval=60.0), SINCE + 100.0)
    assert 0 >= waiting().seconds_left(seen(30.0, last=30.0, interval=60.0), SINCE + 151.0)
    assert 0 >= waiting().seconds_left(seen(30.0, last=30.0, interval=900.0), SINCE + 301.0)


def test_a_wait_that_begins_late_watches_all_the_same() -> None:
    """A sweep finds a weight that was moved an hour ago, and proxies that never heard of it."""
    late = Departure(SINCE - 3600.0, SINCE, 5.0, 60.0, is_counted=True)
    assert 0 < late.seconds_left(seen(30.0, last=30.0), SINCE + 30.0)
    assert 0 >= late.seconds_left(seen(2.0), SINCE + 2.0)
    assert 0 >= late.seconds_left(None, SINCE)
