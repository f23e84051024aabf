"""Each stable pod's habit: by how much it is usually better or worse than the others.

A pod that is odd all the time (an old node, a hot shard) is no burst. A pod's burst is no habit: what one stratum may
add is limited to a few times what was expected of the pod, so only what comes again and again is learnt.
"""

from collections.abc import Sequence
from typing import Final

_PRIOR: Final = 10.0
"""Bad requests by which a pod is taken for an ordinary one beforehand."""

_TIMES, _PLUS = 3.0, 3.0

Cell = tuple[int, int]
"""Requests of a pod, and bad ones."""


class Habits:
    """Running rates of pods, relative to an even share; position i is always the same pod."""

    def __init__(self) -> None:
        self._bad: list[float] = []
        self._fair: list[float] = []
        self._rates: list[float] = []

    def add(self, cells: Sequence[Cell], bad: int, loads: Sequence[float]) -> list[float]:
        """Learn from one stratum's requests by pod, `bad` ones in all, and the pods' `loads`; give these anew."""
        whole = sum(loads)
        each = _TIMES * bad / whole if whole else 0.0
        took = [min(load * each + _PLUS, x) for load, (_, x) in zip(loads, cells, strict=True)]
        total = sum([n for n, _ in cells])
        even = sum(took) / total if total else 0.0
        learnt = []
        for i, (n, _) in enumerate(cells):
            self._bad[i] = mine = self._bad[i] + took[i]
            self._fair[i] = fair = self._fair[i] + n * even
            self._rates[i] = rate = mine / fair
            learnt.append(n * rate)
        return learnt

    def loads(self, cells: Sequence[Cell]) -> list[float]:
        """Give each pod's requests times its habit."""
        missing = len(cells) - len(self._rates)
        if missing > 0:
            self._bad += [_PRIOR] * missing
            self._fair += [_PRIOR] * missing
            self._rates += [1.0] * missing
        return [n * rate for (n, _), rate in zip(cells, self._rates, strict=False)]
