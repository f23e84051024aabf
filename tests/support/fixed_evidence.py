"""Readers of evidence that need no Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from steps.evidence.comparison import WITH_STABLE, Comparison
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from tests.support.fake_cluster import FakeCluster


class FixedEvidence(EvidenceReader):
    """A reader that saw this share of the canary's requests fail (0-1), or (None) no request to the canary."""

    def __init__(
        self, bad_ratio: float | None, on_read: Callable[[int], object] = lambda _: None, requests: int = 100
    ) -> None:
        self.bad_ratio, self._on_read, self._requests = bad_ratio, on_read, requests
        self.reads = 0

    def check(self) -> tuple[str, ...]:
        """Find no fault."""
        return ()

    def check_custom(self) -> tuple[str, ...]:
        """Find no fault: there are no custom metrics."""
        return ()

    def choose_bounds(self) -> Bounds:
        """Return no bounds."""
        return Bounds()

    def read(
        self,
        started: float,
        now: float,
        *,
        rung_started: float | None = None,
        weight: int | None = None,
        comparison: Comparison = WITH_STABLE,
    ) -> Evidence:
        """Return 20 strata with `requests` per arm; they are the rung's own where it began after them."""
        del comparison
        self.reads += 1
        self._on_read(self.reads)
        if rung_started is not None and rung_started >= started + 20:
            started = rung_started
        sent = self._requests
        counts = Counts(sent, 0), Counts(0, 0) if self.bad_ratio is None else Counts(sent, round(sent * self.bad_ratio))
        strata = tuple(Stratum(started + k, started + k + 1, *counts) for k in range(20))
        metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),)),)
        begun = started if rung_started is None else rung_started
        return Evidence(metrics, started, begun, started + 20, 1.0, aligned=True, weight=weight)


class GrowingEvidence(FixedEvidence):
    """A reader for which one second passes per read: 50 requests per arm, the canary's only while it has a weight.

    While `down` is set, all requests to the canary fail. `events` are called at the read with their number.
    """

    def __init__(self, world: FakeCluster, events: dict[int, Callable[[], object]] | None = None) -> None:
        super().__init__(0.0)
        self._world, self._events = world, events or {}
        self._strata: list[Stratum] = []
        self.down = False
        self.weights: list[int | None] = []

    def read(
        self,
        started: float,
        now: float,
        *,
        rung_started: float | None = None,
        weight: int | None = None,
        comparison: Comparison = WITH_STABLE,
    ) -> Evidence:
        """Return all strata so far."""
        del comparison
        self.reads += 1
        self.weights.append(weight)
        begin = self._strata[-1].end if self._strata else started
        canary = Counts(50, 50 if self.down else 0) if weight else Counts(0, 0)
        self._strata.append(Stratum(begin, begin + 1, Counts(50, 0), canary))
        self._world.store.clock_offset_seconds += 1
        self._events.get(self.reads, lambda: None)()
        metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(tuple(self._strata)),)),)
        begun = started if rung_started is None else rung_started
        return Evidence(metrics, started, begun, begin + 1, 1.0, aligned=True, weight=weight)
