"""Kinds of families whose numbers are all drawn by seed: how each of them makes one rollout.

A kind that was used while the judge was being changed, and one that was held out, differ in what happens, not only in
their seeds. `field.py` makes families of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from steps.workload.capacity import needed_pods
from tests.bench.simulation.family import Family, flat
from tests.bench.simulation.troubles import between

Vary = Callable[[Family, np.random.Generator], Family]


@dataclass(frozen=True)
class Kind:
    """How rollouts of one kind are drawn.

    Attributes:
        name: in words.
        vary: draws the numbers of one rollout.
        fault: the canary is worse, and should be rolled back.
        held_out: never used while the judge was being changed.
        lasting: one pod, node or client serves worse for good.
        rps: loads, in requests per second, of its families; each rollout has about that.
        gateways: numbers of gateways of its families; 0: the pods' own proxies are read.
    """

    name: str
    vary: Vary
    fault: bool = False
    held_out: bool = False
    lasting: bool = False
    rps: tuple[float, ...] = (10.0, 100.0)
    gateways: tuple[int, ...] = (0, 2)

    def families(self) -> list[Family]:
        """Return one family for each load and each reporter."""
        return [self._family(rps, gateways) for rps in self.rps for gateways in self.gateways]

    def _family(self, rps: float, gateways: int) -> Family:
        name = f"{self.name}, {rps:g} rps{', gateways' if gateways else ''}"
        return Family(
            name, rps, kind=self.name, vary=self.vary, gateways=gateways, fault=self.fault, held_out=self.held_out,
            lasting=self.lasting,
        )  # fmt: skip


def usual(family: Family, rng: np.random.Generator, **changes: Any) -> Family:
    """Return the family with usual numbers: load, pods, weight, gateways, scrapes, failures, durations; then `changes`.

    Without a change both arms fail the same .03 to .6 % of their requests.
    """
    share = flat(between(rng, (0.0003, 0.006)))
    weight = int(rng.choice([5, 10, 20]))
    stable_pods = int(rng.integers(3, 13))
    latency = replace(family.latency, median_ms=between(rng, (20.0, 80.0)), sigma=float(rng.uniform(0.4, 0.6)))
    drawn: dict[str, Any] = {
        "rps": family.rps * between(rng, (0.7, 1.4)),
        "stable": share,
        "canary": share,
        "part": flat(weight / 100.0),
        "stable_pods": stable_pods,
        "canary_pods": needed_pods(stable_pods, weight),
        "gateways": int(rng.integers(1, 4)) if family.gateways else 0,
        "scrape_seconds": int(rng.choice([10, 15, 15, 15, 30])),
        "latency": latency,
        "canary_latency": latency,
    }
    return replace(family, vary=None, **(drawn | changes))
