"""The API server's time, from the `Date` of its answers; the local clock only where it never gives one."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

import structlog

_EARLIEST: Final = 1_577_836_800.0
"""2020: an API server that runs Istio's kinds has no earlier time, but a clock that was never set has."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class ServerClock:
    """The time of one API server.

    The pod's own clock is not used while there is another: claims of pods on different nodes must agree on one time.

    Args:
        monotonic: seconds that only grow.
        local: unix seconds of this machine.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, local: Callable[[], float] = time.time) -> None:
        self._monotonic, self._local = monotonic, local
        self._known: tuple[float, float] | None = None
        self._has_warned = False

    @property
    def is_known(self) -> bool:
        """Whether any answer had a usable `Date`."""
        return self._known is not None

    def now(self) -> float:
        """Return unix seconds, to 1 s: the time of the last usable answer plus the time since then.

        Without such an answer the local clock counts, and a warning says so, once.
        """
        if self._known is not None:
            server, at = self._known
            return server + self._monotonic() - at
        self._warn("its answers have no Date that can be read, so the clock of this machine counts")
        return self._local()

    def update(self, date: str | None) -> None:
        """Take note of an answer's `Date`; one that is missing or cannot be read leaves the time as it is."""
        seen = _seconds(date)
        if seen is None:
            if self._known is not None:
                self._warn(f"Date = {ascii(date)[:60]} cannot be read, so the time of earlier answers counts")
            return
        at = self._monotonic()
        if self._known is not None:
            # A Date has whole seconds: keep the reading with the latest time, since the others lost more to rounding.
            seen = max(seen, min(self.now(), seen + 1.0))
        self._known = seen, at

    def _warn(self, detail: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.warning("cluster.no_server_time", detail=detail)


def _seconds(date: str | None) -> float | None:
    """Return a `Date` as unix seconds, None if it is not one."""
    if not date:
        return None
    try:
        seconds = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return seconds if seconds >= _EARLIEST else None
