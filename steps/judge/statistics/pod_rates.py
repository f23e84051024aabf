"""Each stable pod's habit: by how much it is usually better or worse than the others.

A pod that is odd all the time (an old node, a hot shard) is no burst. A pod's burst is no habit: what one stratum may
add is limited to a few times what was expected of the pod, so only what comes again and again is learnt.
"""

from collections.abc import Sequence
from typing import Final

_PRIOR: Final = 10.0
"""Bad requests by which a pod is taken for an ordinary one beforehand."""

_TIMES, _PLUS = 3.0, 3.0

CountPair = tuple[int, int]
"""Requests of a pod, and bad ones."""


class PodRates:
    """Running rates of pods, relative to an even share; position i is always the same pod."""

    def __init__(self) -> None:
        self._bad: list[float] = []
        self._fair: list[float] = []
        self._rates: list[float] = []

    def add(self, cells: Sequence[CountPair], bad: int, loads: Sequence[float]) -> list[float]:
        """Learn from one stratum's requests by pod, `bad` ones in all, and the pods' `loads`; give these anew."""
        whole = sum(loads)
        each = _TIMES * bad / whole if whole else 0.0
        took, total, taken = [], 0, 0.0
        for load, (n, x) in zip(loads, cells, strict=True):  # plain loops: one of the judgement's innermost
            most = load * each + _PLUS
            counted = x if x < most else most  # noqa: FURB136 - half the time of min()
            took.append(counted)
            taken += counted
            total += n
        even = taken / total if total else 0.0
        bad_of, fair_of, rates, learnt = self._bad, self._fair, self._rates, []
        for i, (n, _) in enumerate(cells):
            bad_of[i] = mine = bad_of[i] + took[i]
            fair_of[i] = fair = fair_of[i] + n * even
            rates[i] = rate = mine / fair
            learnt.append(n * rate)
        return learnt

    def loads(self, cells: Sequence[CountPair]) -> list[float]:
        """Give each pod's requests times its habit."""
        missing = len(cells) - len(self._rates)
        if missing > 0:
            self._bad += [_PRIOR] * missing
            self._fair += [_PRIOR] * missing
            self._rates += [1.0] * missing
        return [n * rate for (n, _), rate in zip(cells, self._rates, strict=False)]
