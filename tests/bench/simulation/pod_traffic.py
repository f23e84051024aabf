"""The requests of one pod, in ticks of three seconds."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
_COLUMNS = ("good", "bad", "durations", "sizes", "missing")


@dataclass(frozen=True)
class PodTraffic:
    """One pod: rows are ticks. Durations and sizes are those of good answers, by bucket (the last is +Inf).

    `missing` are the answers with code 404; they are neither good nor bad. A pod has one of these for each `caller`,
    a workload of the mesh; "" is the gateways, or callers from outside. From the second `gone` on the pod does
    not exist.
    """

    arm: str
    name: str
    good: Counts
    bad: Counts
    durations: Counts
    sizes: Counts
    missing: Counts
    caller: str = ""
    gone: float = inf

    @property
    def columns(self) -> tuple[Counts, Counts, Counts, Counts, Counts]:
        """The fields from `good` to `missing`."""
        return self.good, self.bad, self.durations, self.sizes, self.missing

    @staticmethod
    def _named(columns: Iterable[Counts]) -> dict[str, Any]:
        return dict(zip(_COLUMNS, columns, strict=True))

    def then(self, later: "PodTraffic") -> "PodTraffic":
        """Return the pod with the ticks of `later` after its own."""
        pairs = zip(self.columns, later.columns, strict=True)
        return replace(self, **self._named(np.concatenate(pair) for pair in pairs))

    def until(self, count: int) -> "PodTraffic":
        """Return the first `count` ticks."""
        return replace(self, **self._named(column[:count] for column in self.columns))

    def idle(self, count: int) -> "PodTraffic":
        """Return the pod with `count` ticks without a request."""
        return replace(self, **self._named(np.zeros((count, *one.shape[1:]), dtype=np.int64) for one in self.columns))

    def plus(self, more: "PodTraffic") -> "PodTraffic":
        """Return the pod with the requests of other clients in the same ticks as well."""
        pairs = zip(self.columns, more.columns, strict=True)
        return replace(self, **self._named(one + other for one, other in pairs))


def merged(pods: Iterable[PodTraffic]) -> list[PodTraffic]:
    """Return one for each pod and caller."""
    found: dict[tuple[str, str], PodTraffic] = {}
    for pod in pods:
        key = pod.name, pod.caller
        found[key] = found[key].plus(pod) if key in found else pod
    return list(found.values())
