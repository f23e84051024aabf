"""The habit of stable's worst pod: how many times as bad as an ordinary one it is for good.

A pod of the canary may have got such a node, or such clients, so this is part of what its version is not to blame for.
Only what lasts is a habit: the worse half of each pod's time is left out, so a bad minute of a pod does not count.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.pod_rates import CountPair

_BLOCK: Final = 8
"""Strata that are looked at together."""

_PRIOR: Final = 10.0
"""Bad requests that each pod is credited with, so that it counts as an ordinary one at first."""

_Excess = tuple[float, float, int]
"""A block of one pod: bad requests beyond an even share, that share, and the requests."""


class PodHabits:
    """Running habits of pods; position i is always the same pod.

    Attributes:
        worst: usual bad share of the worst pod in times of an ordinary one's, >= 1.
        worst_share: the largest usual bad share that any pod has (0-1).
    """

    def __init__(self) -> None:
        self.worst, self.worst_share = 1.0, 0.0
        self._strata: list[Sequence[CountPair]] = []
        self._blocks: list[list[_Excess]] = []

    def add(self, pods: Sequence[CountPair]) -> None:
        """Add the pods of one stratum."""
        self._strata.append(pods)
        if len(self._strata) == _BLOCK:
            self._close()

    def _close(self) -> None:
        """Add a full block to what each pod did before."""
        longest = max(map(len, self._strata))
        self._blocks += [[] for _ in range(longest - len(self._blocks))]
        totals = [sum([pods[i][0] for pods in self._strata if i < len(pods)]) for i in range(longest)]
        bad = [sum([pods[i][1] for pods in self._strata if i < len(pods)]) for i in range(longest)]
        self._strata = []
        whole = sum(totals)
        if not whole:
            return
        even = sum(bad) / whole
        for blocks, total, own in zip(self._blocks, totals, bad, strict=False):
            if total:
                blocks.append((own - total * even, total * even, total))
        lasting = [_lasting(one) for one in self._blocks]
        self.worst = max([1.0, *(times for times, _ in lasting)])
        self.worst_share = max([0.0, *(times * even for times, even in lasting)])


def _lasting(blocks: Sequence[_Excess]) -> tuple[float, float]:
    """Return a pod's rate in the better half of its blocks, in times of an even share, and that share (0-1)."""
    better = sorted(blocks)[: len(blocks) // 2]
    fair, total = sum([share for _, share, _ in better]), sum([requests for _, _, requests in better])
    even = fair / total if total else 0.0
    return (_PRIOR + fair + sum([excess for excess, _, _ in better])) / (_PRIOR + fair), even
