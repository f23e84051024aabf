"""Whether requests have left a side that is about to stop, by what somebody counted of them (pure)."""

from dataclasses import dataclass
from typing import Final

from steps.model.arrivals import Arrivals

_LONGEST_SECONDS: Final = 300.0
"""However slowly somebody counts, no side stays up longer than this for want of a count."""

_SHORTEST_SECONDS: Final = 0.5
"""A shorter look would say nothing."""

_SURE: Final = 4.6
"""So many requests are missed by chance only once in a hundred times: a quiet app must be watched longer."""


@dataclass(frozen=True, slots=True)
class Departure:
    """The wait for requests to leave a side; all moments in unix seconds of the API server.

    Args:
        since: when the side lost its weight; 0 if it had none in this run.
        began: when the wait began.
        drain_seconds: time between the last request and the end of the side (>= 0).
        limit_seconds: how long to wait for requests to leave (>= 0).
        is_counted: whether there is anybody who may count.
    """

    since: float
    began: float
    drain_seconds: float
    limit_seconds: float
    is_counted: bool

    def seconds_left(self, seen: Arrivals | None, now: float) -> float:
        """Return how long to wait still, 0 or less for no longer; what is seen next may change it."""
        if seen is None:
            return (self._limit if self.is_counted else self.drain_seconds) - (now - self.since)
        if self.is_quiet(seen):
            return self.drain_seconds - (now - max(self.since, seen.last))
        return self._patience(seen) - (now - max(self.since, self.began))

    def is_quiet(self, seen: Arrivals) -> bool:
        """Return whether requests were counted for long enough after the last one to be sure that none comes."""
        enough = _SURE / seen.before_per_second if seen.before_per_second else 0.0
        watched = seen.until - max(self.since, seen.last, seen.counted_from)
        return watched >= max(_SHORTEST_SECONDS, min(enough, self._limit))

    def is_still_used(self, seen: Arrivals | None, now: float) -> bool:
        """Return whether requests were still arriving lately, so that the side must stay up at the limit."""
        if seen is None or self.is_quiet(seen):
            return False
        return seen.last > now - max(self._patience(seen) / 2, 1.5 * seen.interval)

    @property
    def _limit(self) -> float:
        """A side that had no weight in this run has no requests that the run sent there."""
        return max(self.limit_seconds, self.drain_seconds) if self.since else self.drain_seconds

    def _patience(self, seen: Arrivals) -> float:
        """Return how long to wait for somebody who counts: at least two of their intervals."""
        return min(_LONGEST_SECONDS, max(self._limit, 2.5 * seen.interval))
