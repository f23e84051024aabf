"""Requests that reach a side of a release, as somebody counts them while the side is about to stop."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What a source has counted so far; all moments in unix seconds of the API server.

    Args:
        source: who counted, for messages: "Prometheus", "its proxies".
        counted_from: since when requests are counted one way or the other.
        until: until when.
        last: newest moment at which one may have arrived; 0 for none.
        before_per_second: requests a second before the side was to stop (>= 0); 0 if unknown.
        interval: seconds between two counts (>= 0).
        per_second: requests a second in the newest interval (>= 0).
    """

    source: str
    counted_from: float
    until: float
    last: float = 0.0
    before_per_second: float = 0.0
    interval: float = 0.0
    per_second: float = 0.0


LookAtArrivals = Callable[[float], Arrivals | None]
"""Gets the API server's time; returns what was counted, None if nothing can be seen."""


class ArrivalSource(Protocol):
    """Somebody who counts users' requests."""

    def watch(self, namespace: str, deployments: tuple[str, ...], since: float) -> LookAtArrivals:
        """Begin to count the requests of Deployments.

        Args:
            namespace: of the Deployments.
            deployments: their names.
            since: when the side lost its weight (unix seconds).
        """
