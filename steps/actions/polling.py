"""Polling: the next look at Prometheus comes when a scrape is due, which shows a fault sooner than frequent looks."""

from typing import Final

from steps.model.evidence import Evidence

FASTEST_SECONDS: Final = 0.3
SLOWEST_SECONDS: Final = 5.0
"""Pod health, probes and approvals wait no longer than this."""

_AFTER_SECONDS: Final = 0.15
"""Usual time from a scrape's timestamp until it can be read."""

_OVERDUE_SECONDS: Final = 1.0


def next_poll_seconds(evidence: Evidence, now: float) -> float:
    """Return the time to the next look, in seconds.

    Args:
        evidence: as it was read last. A run's first scrape is due by the scrapes of stable before the run.
        now: unix seconds.

    The next look waits for a scrape that is due soon. An overdue scrape is queried often, but for at most one interval,
    since it may never come.
    """
    interval, since_newest = evidence.scrape_interval_seconds, now - (evidence.newest or evidence.until)
    usual = min(max(interval / 3, FASTEST_SECONDS), SLOWEST_SECONDS)
    due = interval + _AFTER_SECONDS - since_newest
    if due > 0:
        return max(FASTEST_SECONDS, min(usual, due))
    return usual if due < -interval else min(usual, max(FASTEST_SECONDS, min(interval / 10, _OVERDUE_SECONDS)))
