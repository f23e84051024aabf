"""One simulated rollout as a rule sees it, with a Prometheus and a clock; and the truth, which rules do not see."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus, QueryResponse
from tests.bench.simulation.database import Database
from tests.bench.simulation.family import HISTORY_SECONDS, RUN_SECONDS, TICK_SECONDS, Family
from tests.bench.simulation.pod_traffic import PodTraffic
from tests.bench.simulation.scrapes import EPOCH, scrape
from tests.bench.simulation.traffic import BASELINE, draw

ARMS = ArmLabels("shop", "shop-canary", "shop")


class SimulatedPrometheus(Prometheus):
    """The product's own client, its network replaced by simulated samples; `at` is the server's clock."""

    def __init__(self, database: Database, at: float) -> None:
        super().__init__(Access("http://prometheus.test"))
        self.database, self.at = database, at

    def query(self, promql: str) -> QueryResponse:
        """Answer from the samples that exist by now."""
        return QueryResponse(promql, self.at, self.database.query(promql, self.at))


@dataclass(frozen=True)
class Rollout:
    """A rollout of `family`, one per seed.

    Attributes:
        started, ended: unix seconds of the canary's first exposure, and of the deadline.
        scrapes: when Prometheus got samples of each target of the two arms, unix seconds.
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
        """Return the client, its server's clock at `at` (default: the deadline)."""
        return SimulatedPrometheus(self.database, self.ended if at is None else at)

    def number(self, promql: str, seconds: float) -> float | None:
        """Return a query's only value so many seconds after the start; rules with the same query share the answer."""
        key = (promql, seconds)
        if key not in self._answers:
            self._answers[key] = self.database.number(promql, self.started + seconds)
        return self._answers[key]

    def visible(self, end: float) -> float:
        """Return when a stratum that ends at `end` can be judged: at its last scrape, or one interval later.

        As many scrapes as in the fullest of the three strata before must be there, else the reader waits.
        """
        interval = self.family.scrape_seconds
        counts = [self._scrapes(end - (back + 1) * interval, end - back * interval) for back in range(4)]
        if counts[0] < max(counts[1:]):
            return end + interval
        return self.scrapes[bisect_right(self.scrapes, end) - 1]

    def _scrapes(self, start: float, end: float) -> int:
        return bisect_right(self.scrapes, end) - bisect_right(self.scrapes, start)

    def harmed(self, seconds: float | None) -> int:
        """Return the failed user requests of the canary up to then (None: to the deadline)."""
        until = len(self.failed) if seconds is None else int(seconds // TICK_SECONDS)
        return int(self.failed[:until].sum())


def rollout(family: Family, seed: int) -> Rollout:
    """Make a rollout; equal seeds make equal rollouts."""
    rng = np.random.default_rng([seed, *family.name.encode()])
    drawn = family.drawn(seed)
    return observed(drawn, seed, draw(drawn, rng))


def observed(family: Family, seed: int, pods: Sequence[PodTraffic]) -> Rollout:
    """Return what Prometheus sees of the pods over the whole time, and the truth."""
    series = scrape(family, pods, seed)
    first = HISTORY_SECONDS // TICK_SECONDS
    canary = [pod for pod in pods if pod.arm == "canary"]
    failed: NDArray[np.int64] = np.sum([pod.bad + pod.sizes[:, 0] + _harm(family, pod) for pod in canary], axis=0)
    shown = "source" if family.aligned else "destination"
    times: dict[str, set[float]] = {}
    for one in series:
        if one.labels["reporter"] == shown and not one.labels["destination_workload"].endswith(BASELINE):
            times.setdefault(one.labels["instance"], set()).update(one.times)
    scrapes = tuple(sorted(at for found in times.values() for at in found))
    ended = EPOCH + len(failed[first:]) * TICK_SECONDS
    return Rollout(family, seed, Database(series), scrapes, failed[first:], ended=ended)


def _harm(family: Family, pod: PodTraffic) -> NDArray[np.int64]:
    """Return the number of 404 answers that are the canary's fault."""
    return pod.missing if family.canary_missing else np.zeros_like(pod.missing)
