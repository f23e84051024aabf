"""Pace: when to look at Prometheus next: when a scrape is due, which shows a fault sooner than looking often."""

from typing import Final

FASTEST_SECONDS: Final = 0.3
SLOWEST_SECONDS: Final = 5.0
"""Health of the pods, probes and approvals wait no longer than this."""

_AFTER_SECONDS: Final = 0.15
"""What a scrape takes from its timestamp until it can be read, in most places."""

_OVERDUE_SECONDS: Final = 1.0


def next_poll_seconds(interval: float, since_newest: float) -> float:
    """Return the time to the next look, in seconds.

    Args:
        interval: of the scrapes, seconds; 0 = not known yet.
        since_newest: seconds since the newest scrape that was read, by one clock.

    A scrape that is due soon is awaited; one that is overdue is asked for often, but for one interval at most, since
    it may not come at all.
    """
    usual = min(max(interval / 3, FASTEST_SECONDS), SLOWEST_SECONDS)
    due = interval + _AFTER_SECONDS - since_newest
    if due > 0:
        return max(FASTEST_SECONDS, min(usual, due))
    return usual if due < -interval else min(usual, max(FASTEST_SECONDS, min(interval / 10, _OVERDUE_SECONDS)))
