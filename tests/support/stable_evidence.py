"""A reader of evidence whose stable fails as well."""

from __future__ import annotations

from dataclasses import replace

from steps.evidence.comparison import WITH_STABLE, Comparison
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Problem, Series, Stratum
from tests.support.fixed_evidence import FixedEvidence


class StableEvidence(FixedEvidence):
    """A reader that saw these shares of stable's and of the canary's requests fail (0-1), or that has a problem."""

    def __init__(self, stable: float, problem: Problem | None = None, canary: float = 0.0) -> None:
        super().__init__(canary)
        self._stable, self._fault, self._canary = stable, problem, canary

    def read(
        self,
        started: float,
        now: float,
        *,
        rung_started: float | None = None,
        weight: int | None = None,
        comparison: Comparison = WITH_STABLE,
    ) -> Evidence:
        """Return 20 strata with 100 requests per arm; the canary's only once it has a weight."""
        seen = super().read(started, now, rung_started=rung_started, weight=weight, comparison=comparison)
        canary = Counts(100, round(100 * self._canary)) if weight else Counts(0, 0)
        stable = Counts(100, round(100 * self._stable))
        strata = tuple(Stratum(started + k, started + k + 1, stable, canary) for k in range(20))
        metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),)),)
        return replace(seen, metrics=metrics, problem=self._fault)
