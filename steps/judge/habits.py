"""Each stable pod's habit: by how much it is usually better or worse than the others.

A pod that is odd all the time (an old node, a hot shard) is no burst. A pod's burst is no habit: what one stratum may
add is limited to a few times what was expected of the pod, so only what comes again and again is learnt.
"""

from collections.abc import Sequence
from typing import Final

_PRIOR: Final = 10.0
"""Bad requests by which a pod is taken for an ordinary one beforehand."""

_TIMES, _PLUS = 3.0, 3.0


class Habits:
    """Running rates of pods, relative to an even share; position i is always the same pod."""

    def __init__(self) -> None:
        self._bad: list[float] = []
        self._fair: list[float] = []

    def add(self, cells: Sequence[tuple[int, int]]) -> None:
        """Learn from one stratum's (requests, bad ones) by pod."""
        missing = len(cells) - len(self._bad)
        if missing > 0:
            self._bad += [_PRIOR] * missing
            self._fair += [_PRIOR] * missing
        means = self.expected(cells)
        took = [min(bad, _TIMES * mean + _PLUS) for (_, bad), mean in zip(cells, means, strict=True)]
        total = sum(n for n, _ in cells)
        even = sum(took) / total if total else 0.0
        for i, ((n, _), bad) in enumerate(zip(cells, took, strict=True)):
            self._bad[i] += bad
            self._fair[i] += n * even

    def expected(self, cells: Sequence[tuple[int, int]]) -> list[float]:
        """Give the bad requests expected of each pod, if all that were bad fell by traffic and habit."""
        loads = self.loads(cells)
        whole = sum(loads)
        each = sum(bad for _, bad in cells) / whole if whole else 0.0
        return [load * each for load in loads]

    def loads(self, cells: Sequence[tuple[int, int]]) -> list[float]:
        """Give each pod's requests times its habit."""
        known = len(self._bad)
        return [n * (self._bad[i] / self._fair[i] if i < known else 1.0) for i, (n, _) in enumerate(cells)]
