"""Pearson's chi-square of bad requests over pods, or over neighbouring times, summed over blocks of strata."""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.pod_rates import CountPair, PodRates

PRIOR_WEIGHT: Final = 25.0
"""The prior counts as if it had been seen in 25 bad requests times degrees of freedom."""

PRIOR_FREEDOM: Final = 10.0
"""And, for the longer blocks, in ten degrees of freedom: a quarter of an hour of five pods is one observation, no
matter how many requests failed in it."""

_STAND_INS: Final = 4
"""Neighbouring blocks that are compared where there are no pods to compare."""


class ChiSquareBlock:
    """Weighted sums over blocks of `parts` shorter blocks.

    Attributes:
        square, freedom: sums of chi-square and of degrees of freedom, both weighted by bad requests.
        weight: of the prior, in bad requests times degrees of freedom.
    """

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._total = self._bad = 0
        self._shorter: list[list[CountPair]] = []
        self._earlier: list[CountPair] = []
        self.square = self.freedom = self._squared = 0.0
        self.weight = PRIOR_WEIGHT

    def add(
        self, whole: CountPair, pods: list[CountPair], pod_rates: PodRates
    ) -> tuple[CountPair, list[CountPair]] | None:
        """Add one shorter block; return the sums when this block is full."""
        self._total += whole[0]
        self._bad += whole[1]
        self._shorter.append(pods)
        if len(self._shorter) < self._parts:
            return None
        whole, pods = (self._total, self._bad), _summed(self._shorter)
        self._total = self._bad = 0
        self._shorter = []
        self.close(whole, pods, pod_rates.loads(pods))
        return whole, pods

    def close(self, whole: CountPair, pods: list[CountPair], loads: Sequence[float]) -> None:
        """Weigh a full block: how its bad requests fell on pods with such loads, or on neighbouring blocks."""
        present = count_present(pods)
        if present > 1:
            if whole[1]:
                self._weigh(pearson_chi_square(pods, loads, whole[1]), whole[1], present - 1)
            return
        self._earlier.append(whole)
        if len(self._earlier) == _STAND_INS:
            bad = sum(x for _, x in self._earlier)
            present = count_present(self._earlier)
            if bad and present > 1:
                square = pearson_chi_square(self._earlier, [n for n, _ in self._earlier], bad)
                self._weigh(square, bad, present - 1)
            self._earlier = []

    def _weigh(self, square: float, bad: int, degrees: int) -> None:
        self.square += bad * square
        self.freedom += bad * degrees
        if self._parts > 1:
            self._squared += bad * bad * degrees
            self.weight = max(PRIOR_WEIGHT, PRIOR_FREEDOM * self._squared / self.freedom)


def _summed(blocks: Sequence[Sequence[CountPair]]) -> list[CountPair]:
    """Add up lists of pairs, position by position."""
    longest = max(map(len, blocks))
    totals, bad = [0] * longest, [0] * longest
    for pairs in blocks:
        for i, (n, x) in enumerate(pairs):
            totals[i] += n
            bad[i] += x
    return list(zip(totals, bad, strict=True))


def count_present(pods: list[CountPair]) -> int:
    """Count the pods that had requests."""
    return len(pods) - pods.count((0, 0))


def pearson_chi_square(pairs: Sequence[CountPair], loads: Sequence[float], bad: int) -> float:
    """Return Pearson's chi-square of pairs whose `bad` bad requests should be shared in proportion to `loads`."""
    whole, square = sum(loads), 0.0
    each = bad / whole if whole else 0.0
    for (total, seen), load in zip(pairs, loads, strict=True):
        mean = load * each
        if 0.0 < mean < total:
            deviation = seen - mean
            square += deviation * deviation * total / (mean * (total - mean))
    return square
