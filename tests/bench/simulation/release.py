"""The traffic of a release while it is going on: it follows the weights, and fresh pods take the place of old ones."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from steps.workload.capacity import needed_pods
from tests.bench.simulation.family import HISTORY_SECONDS, TICK_SECONDS, Family, flat
from tests.bench.simulation.pod_traffic import PodTraffic
from tests.bench.simulation.rollout import Rollout, observed
from tests.bench.simulation.traffic import draw

_Key = tuple[str, str]


class Release:
    """One release of a family; equal seeds and equal weights make equal releases.

    Args:
        family: what to draw.
        seed: of all random numbers.

    Attributes:
        now: seconds since the first exposure up to which the traffic is settled.
    """

    def __init__(self, family: Family, seed: int) -> None:
        self.family, self._seed, self._generation, self.now = family.drawn(seed), seed, 0, 0
        self.rng = np.random.default_rng([seed, *family.name.encode()])
        self._pods = _by_key(draw(self.family, self.rng, _ticks(-HISTORY_SECONDS, 0)))
        self._drawn = self._pods

    def run(self, weight: int, seconds: int) -> Rollout:
        """Return what is seen if this weight (percent) holds for so long from now on."""
        part = replace(self.family, part=flat(weight / 100.0), canary_pods=needed_pods(self.family.stable_pods, weight))
        coming = _by_key(draw(part, self.rng, _ticks(self.now, self.now + seconds), self._generation))
        self._drawn = _joined(self._pods, coming)
        return observed(self.family, self._seed, list(self._drawn.values()))

    def settle(self, until: int) -> None:
        """Keep what was drawn up to this second, a multiple of the ticks; what follows will be drawn anew."""
        self.now = until
        count = (HISTORY_SECONDS + until) // TICK_SECONDS
        self._pods = {key: pod.until(count) for key, pod in self._drawn.items()}

    def settle_all(self) -> None:
        """Keep all that was drawn."""
        self.settle(TICK_SECONDS * len(next(iter(self._drawn.values())).good) - HISTORY_SECONDS)

    def replace_pods(self) -> None:
        """Remove the canary's pods; the next ones are fresh, on other nodes."""
        self._generation += 1
        self._pods = {
            key: replace(pod, gone=min(pod.gone, float(self.now))) if pod.arm != "stable" else pod
            for key, pod in self._pods.items()
        }


def _by_key(pods: Sequence[PodTraffic]) -> dict[_Key, PodTraffic]:
    return {(pod.name, pod.caller): pod for pod in pods}


def _joined(before: dict[_Key, PodTraffic], after: dict[_Key, PodTraffic]) -> dict[_Key, PodTraffic]:
    """Return all pods with idle ticks while they were not there."""
    past, coming = (len(next(iter(pods.values())).good) for pods in (before, after))
    found = {}
    for key in dict.fromkeys([*before, *after]):
        earlier = before[key] if key in before else after[key].idle(past)
        found[key] = earlier.then(after[key] if key in after else earlier.idle(coming))
    return found


def _ticks(start: int, end: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.arange(start, end, TICK_SECONDS, dtype=np.float64)
