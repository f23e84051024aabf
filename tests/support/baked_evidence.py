"""A reader of evidence for a bake: an hour of the app in scrapes of a second, up to the present time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from steps.evidence.comparison import WITH_STABLE, Comparison
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Problem, ProblemKind, Series, Stratum

_PAST_SECONDS = 120


class BakedEvidence(EvidenceReader):
    """50 requests a second to stable, whose pods run the promoted version since the bake began.

    Args:
        share: bad share (0-1) of the requests, by the seconds since the first read.
        events: called at the read with their number.
    """

    def __init__(
        self, share: Callable[[float], float] = lambda _: 0.0, events: dict[int, Callable[[], object]] | None = None
    ) -> None:
        self._share, self._events = share, events or {}
        self._began = 0.0
        self.reads = 0
        self.problem: Problem | None = None
        self.requests = 50

    def read(
        self,
        started: float,
        now: float,
        *,
        rung_started: float | None = None,
        weight: int | None = None,
        comparison: Comparison = WITH_STABLE,
    ) -> Evidence:
        """Return the past, and all since then."""
        del comparison, rung_started, weight
        self.reads += 1
        self._events.get(self.reads, lambda: None)()
        self._began = self._began or now
        ends = [self._began - _PAST_SECONDS + k for k in range(int(now - self._began) + _PAST_SECONDS + 1)]
        strata = tuple(self._stratum(end) for end in ends)
        metric = MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),))
        seen = Evidence((metric,), started, started, ends[-1], 1.0, aligned=True)
        return replace(seen, problem=self.problem)

    def _stratum(self, end: float) -> Stratum:
        share = self._share(end - self._began) if end > self._began else 0.0
        return Stratum(end - 1, end, Counts(self.requests, round(self.requests * share)), Counts(0, 0))


UNREACHABLE = Problem(ProblemKind.UNREACHABLE, "Prometheus does not answer")
