"""A reader of evidence for a bake: two minutes before it, and all since then, scrape by scrape."""

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
        swap: whether the canary serves during the bake.
        every_seconds: between two scrapes.
    """

    def __init__(
        self,
        share: Callable[[float], float] = lambda _: 0.0,
        events: dict[int, Callable[[], object]] | None = None,
        *,
        swap: bool = False,
        every_seconds: int = 1,
    ) -> None:
        self._share, self._events, self._swap = share, events or {}, swap
        self._every = every_seconds
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
        seconds = range(0, int(now - self._began) + _PAST_SECONDS + 1, self._every)
        ends = [self._began - _PAST_SECONDS + k for k in seconds]
        strata = tuple(self._stratum(end) for end in ends)
        metric = MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),))
        seen = Evidence((metric,), started, started, ends[-1], float(self._every), aligned=True)
        return replace(seen, problem=self.problem)

    def _stratum(self, end: float) -> Stratum:
        is_baking = end > self._began
        served, none = Counts(self.requests * self._every, self._bad(end) if is_baking else 0), Counts(0, 0)
        arms = (none, served) if self._swap and is_baking else (served, none)
        return Stratum(end - self._every, end, *arms)

    def _bad(self, end: float) -> int:
        return round(self.requests * self._every * self._share(end - self._began))


UNREACHABLE = Problem(ProblemKind.UNREACHABLE, "Prometheus does not answer")
