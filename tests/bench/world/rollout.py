"""One simulated rollout as a rule sees it: a Prometheus to ask, and a clock; and what only the referee knows."""

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from steps.evidence import Access, Answer, Arms, Prometheus
from tests.bench.world.database import Database
from tests.bench.world.family import HISTORY_SECONDS, RUN_SECONDS, TICK_SECONDS, Family
from tests.bench.world.scrapes import EPOCH, scrape
from tests.bench.world.traffic import draw

ARMS = Arms("shop", "shop-canary", "shop")


class SimulatedPrometheus(Prometheus):
    """The product's own client, its network replaced by simulated samples; `at` is the server's clock."""

    def __init__(self, database: Database, at: float) -> None:
        super().__init__(Access("http://prometheus.test"))
        self.database, self.at = database, at

    def query(self, promql: str) -> Answer:
        """Answer from the samples that are there by now."""
        return Answer(promql, self.at, self.database.query(promql, self.at))


@dataclass(frozen=True)
class Rollout:
    """A rollout of `family`, one per seed.

    Attributes:
        started, ended: unix seconds of the canary's first exposure, and of the deadline.
        failed: the canary's failed and empty answers by tick since the exposure.
    """

    family: Family
    seed: int
    database: Database
    scrapes: tuple[float, ...]
    failed: NDArray[np.int64]
    started: float = EPOCH
    ended: float = EPOCH + RUN_SECONDS
    _answers: dict[tuple[str, float], float | None] = field(default_factory=dict)

    def prometheus(self, at: float | None = None) -> SimulatedPrometheus:
        """Give the client, its server's clock at `at` (default: the deadline)."""
        return SimulatedPrometheus(self.database, self.ended if at is None else at)

    def number(self, promql: str, seconds: float) -> float | None:
        """Give a query's only value so many seconds after the start; rules that ask the same share the answer."""
        key = (promql, seconds)
        if key not in self._answers:
            self._answers[key] = self.database.number(promql, self.started + seconds)
        return self._answers[key]

    def harmed(self, seconds: float | None) -> int:
        """Give the failed user requests of the canary up to then (None: to the deadline)."""
        until = len(self.failed) if seconds is None else int(seconds // TICK_SECONDS)
        return int(self.failed[:until].sum())


def rollout(family: Family, seed: int) -> Rollout:
    """Make a rollout; equal seeds make equal rollouts."""
    rng = np.random.default_rng([seed, *family.name.encode()])
    pods = draw(family, rng)
    series = scrape(family, pods, rng)
    first = HISTORY_SECONDS // TICK_SECONDS
    failed: NDArray[np.int64] = np.sum([pod.bad + pod.sizes[:, 0] for pod in pods if pod.arm == "canary"], axis=0)[first:]
    times = {at for one in series if one.name == "istio_requests_total" for at in one.times}
    return Rollout(family, seed, Database(series), tuple(sorted(times)), failed)


def scrapes_between(rollout: Rollout, start: float, end: float) -> int:
    """Count the scrapes in (start, end], unix seconds."""
    return bisect_right(rollout.scrapes, end) - bisect_right(rollout.scrapes, start)
