"""Users who come second by second, as Prometheus would show them, for steps in this process."""

from __future__ import annotations

from collections.abc import Callable

from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from tests.support.in_process_steps import FixedEvidence, SteppedCluster


class GrowingEvidence(FixedEvidence):
    """A reader that sees a second a look go by: 50 requests an arm, the canary's while it has a weight.

    Where `down` is set, all of the canary's fail; `events` happen at their look, after its pods were looked at.
    """

    def __init__(self, world: SteppedCluster, events: dict[int, Callable[[], object]] | None = None) -> None:
        super().__init__(0.0)
        self._world, self._events = world, events or {}
        self._strata: list[Stratum] = []
        self.down = False
        self.weights: list[int | None] = []

    def read(
        self, started: float, now: float, rung_started: float | None = None, weight: int | None = None
    ) -> Evidence:
        """Give all strata so far."""
        self.looks += 1
        self.weights.append(weight)
        begin = self._strata[-1].end if self._strata else started
        canary = Counts(50, 50 if self.down else 0) if weight else Counts(0, 0)
        self._strata.append(Stratum(begin, begin + 1, Counts(50, 0), canary))
        self._world.store.clock_offset_seconds += 1
        self._events.get(self.looks, lambda: None)()
        metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(tuple(self._strata)),)),)
        begun = started if rung_started is None else rung_started
        return Evidence(metrics, started, begun, begin + 1, 1.0, aligned=True, weight=weight)
