"""The cluster under a rollout: nodes, and what each pod does for itself, for a time or for good."""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from tests.bench.simulation.family import Own

PodLaw = Callable[[np.random.Generator, int], Own]
"""What a new pod does for itself, by random numbers of its own and the node it runs on."""


@dataclass(frozen=True)
class Cluster:
    """Nodes with pods; equal seeds make equal clusters.

    Attributes:
        seed: of all pods.
        nodes: number of nodes (>= 1).
        law: draws a new pod.
    """

    seed: int
    nodes: int
    law: PodLaw

    def pod(self, arm: str, number: int, generation: int = 0) -> Own:
        """Return what a pod does for itself, the same at every call; fresh pods are of the next generation."""
        rng = np.random.default_rng([self.seed, crc32(arm.encode()), number, generation])
        return self.law(rng, self.node(arm, number, generation))

    def node(self, arm: str, number: int, generation: int = 0) -> int:
        """Return a pod's node: stable is spread evenly, others start anywhere; fresh pods are on another node."""
        if arm == "stable":
            return number % self.nodes
        order = np.random.default_rng([self.seed, crc32(arm.encode())]).permutation(self.nodes)
        return int(order[(number + generation) % self.nodes])
