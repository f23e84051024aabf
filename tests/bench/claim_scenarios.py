"""Rollouts in which a pass claims what would have been caught."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from steps.model.evidence import Counts, Stratum

HISTORY = 40


@dataclass(frozen=True)
class Scenario:
    """Rollouts of one kind.

    Attributes:
        rps: requests a second of both arms.
        share: share (0-1) of requests that fail in both arms.
        scrapes: with canary traffic. seconds: between them.
        ladder: the canary's parts of the requests (0-1), each for an equal number of scrapes.
        aligned: counted by gateways, which do not tell pods apart.
        batch: bad requests come in batches of this mean size.
        history: scrapes of stable alone before.
        incident: share of the first pod's requests that failed for three minutes of that time.
    """

    rps: float
    share: float
    scrapes: int
    seconds: float = 15.0
    ladder: tuple[float, ...] = (0.1,)
    aligned: bool = False
    batch: float = 1.0
    history: int = HISTORY
    incident: float = 0.0
    pods: int = 5

    @property
    def name(self) -> str:
        """The scenario in words, which also seeds it."""
        parts = "-".join(f"{100 * part:g}" for part in self.ladder)
        more = f", batches of {self.batch:g}" if self.batch > 1 else ""
        more += ", after an incident" if self.incident else "" if self.history == HISTORY else f", past {self.history}"
        where = "gateways" if self.aligned else "pods"
        return (
            f"{self.rps:g} rps, {100 * self.share:g} %, {self.scrapes} x {self.seconds:g} s, weight {parts},"
            f" {where}{more}"
        )

    def draw(self, rng: np.random.Generator) -> tuple[Stratum, ...]:
        """Draw stable and the canary's requests; none of these fails yet."""
        return tuple(self._stratum(rng, k) for k in range(-self.history, self.scrapes))

    def _stratum(self, rng: np.random.Generator, k: int) -> Stratum:
        part = self.ladder[k * len(self.ladder) // self.scrapes] if k >= 0 else 0.0
        requests = self.rps * self.seconds
        struck = bool(self.incident) and -240.0 <= k * self.seconds < -60.0
        shares = [self.incident if struck and not pod else self.share for pod in range(self.pods)]
        totals = rng.poisson(requests * (1.0 - part) / self.pods, self.pods)
        pods = tuple(Counts(int(n), self._bad(rng, int(n), share)) for n, share in zip(totals, shares, strict=True))
        stable = Counts(sum(pod.total for pod in pods), sum(pod.bad for pod in pods))
        canary = Counts(int(rng.poisson(requests * part)), 0)
        return Stratum(k * self.seconds, (k + 1) * self.seconds, stable, canary, () if self.aligned else pods)

    def _bad(self, rng: np.random.Generator, total: int, share: float) -> int:
        if self.batch <= 1.0:
            return int(rng.binomial(total, share))
        batches = int(rng.poisson(total * share / self.batch))
        return min(total, batches + int(rng.negative_binomial(batches, 1.0 / self.batch))) if batches else 0


def _both(scenario: Scenario) -> Iterator[Scenario]:
    yield scenario
    yield replace(scenario, aligned=True)


_LADDER = (0.05, 0.25, 0.5)
QUICK = (
    *_both(Scenario(10, 0.001, 12)),
    *_both(Scenario(100, 0.001, 3)),
    Scenario(100, 0.05, 6),
    Scenario(100, 0.001, 9, ladder=_LADDER),
    Scenario(1000, 0.001, 3),
)
FULL = (
    *QUICK,
    *(
        one
        for scenario in (
            Scenario(1, 0.001, 20),
            Scenario(1, 0.001, 8, ladder=(0.5,)),
            Scenario(10, 0.001, 60),
            Scenario(10, 0.02, 12),
            Scenario(10, 0.001, 12, ladder=_LADDER),
            Scenario(100, 0.0001, 3),
            Scenario(100, 0.005, 3, ladder=(0.05,)),
            Scenario(100, 0.001, 60, ladder=_LADDER),
            Scenario(100, 0.001, 30, 1.0),
            Scenario(100, 0.001, 6, 5.0),
            Scenario(100, 0.001, 3, 60.0),
            Scenario(100, 0.005, 40, batch=2.0),
            Scenario(100, 0.005, 40, batch=5.0),
            Scenario(100, 0.001, 4, history=3),
            Scenario(100, 0.001, 6, incident=0.3, pods=9),
            Scenario(1000, 0.05, 3),
            Scenario(1000, 0.0001, 20),
            Scenario(1000, 0.01, 60, 60.0),
        )
        for one in _both(scenario)
    ),
)
