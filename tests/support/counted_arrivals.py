"""A source of arrivals for tests: the requests that users of a slow mesh go on sending to a side."""

from __future__ import annotations

from collections.abc import Callable

from steps.model.arrivals import Arrivals, LookAtArrivals


class CountedArrivals:
    """Counts exactly.

    Args:
        seconds: for how long after the move of the weight requests still arrive; None = nothing can be seen.
        on_look: called with the seconds since the move.

    Attributes:
        watched: the Deployments that were watched, in order.
        looks: seconds since the move, of each look.
    """

    def __init__(self, seconds: float | None, on_look: Callable[[float], object] = lambda _: None) -> None:
        self.seconds, self._on_look = seconds, on_look
        self.watched: list[tuple[str, ...]] = []
        self.looks: list[float] = []

    def watch(self, namespace: str, deployments: tuple[str, ...], since: float) -> LookAtArrivals:
        """Begin to count."""
        del namespace
        self.watched.append(deployments)

        def look(now: float) -> Arrivals | None:
            self.looks.append(now - since)
            self._on_look(now - since)
            if self.seconds is None:
                return None
            last = min(now, since + self.seconds) if self.seconds else 0.0
            rate = 40.0 if last == now else 0.0
            return Arrivals("Prometheus", since, now, last, 40.0, 1.0, rate)

        return look
