"""Each stable pod's usual rate of bad requests, relative to the other pods.

A pod that is different all the time (an old node, a hot shard) does not have a burst. And a burst is not a pod's usual
rate: what one stratum may add is limited to a few times what was expected of the pod, so that only differences that
come again and again are learnt.
"""

from collections.abc import Sequence
from typing import Final

_PRIOR: Final = 10.0
"""Bad requests that a new pod is credited with, so that it counts as an ordinary one at first."""

_TIMES, _PLUS = 3.0, 3.0

CountPair = tuple[int, int]
"""Requests, and the bad ones among them; a plain tuple, since the judgement's innermost loops handle it."""


class PodRates:
    """Running rates of pods, relative to an even share; position i is always the same pod."""

    def __init__(self) -> None:
        self._bad: list[float] = []
        self._fair: list[float] = []
        self._rates: list[float] = []

    def add(self, pods: Sequence[CountPair], bad: int, loads: Sequence[float]) -> list[float]:
        """Learn from one stratum's requests by pod, `bad` of them bad, and the pods' `loads`; return the new loads."""
        whole = sum(loads)
        each = _TIMES * bad / whole if whole else 0.0
        counted_bad, total, counted_sum = [], 0, 0.0
        # First the bad requests that count: of each pod no more than a few times what its load lets one expect.
        for load, (n, x) in zip(loads, pods, strict=True):  # plain loops: one of the judgement's innermost
            most = load * each + _PLUS
            counted = x if x < most else most  # noqa: FURB136 - half the time of min()
            counted_bad.append(counted)
            counted_sum += counted
            total += n
        # Then each pod's rate: its bad requests so far over those of an even share by its requests.
        even = counted_sum / total if total else 0.0
        bad_of, fair_of, rates, learnt = self._bad, self._fair, self._rates, []
        for i, (n, _) in enumerate(pods):
            bad_of[i] = actual = bad_of[i] + counted_bad[i]
            fair_of[i] = fair = fair_of[i] + n * even
            rates[i] = rate = actual / fair
            learnt.append(n * rate)
        return learnt

    def loads(self, pods: Sequence[CountPair]) -> list[float]:
        """Return each pod's requests times its usual rate: its expected part of the bad requests."""
        missing = len(pods) - len(self._rates)
        if missing > 0:
            self._bad += [_PRIOR] * missing
            self._fair += [_PRIOR] * missing
            self._rates += [1.0] * missing
        return [n * rate for (n, _), rate in zip(pods, self._rates, strict=False)]
