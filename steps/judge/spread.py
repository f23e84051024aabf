"""Overdispersion: how much more bad requests cling together than independent ones would.

phi is Pearson's chi-square of stable's bad requests across its pods, per degree of freedom, averaged over the past and
weighted by each block's bad requests (unweighted it is biased low). Spread between pods within a block of time leaves
out what strikes all pods alike. Blocks of 1, 4, 12 and 60 strata see batches that outlast a scrape; the largest
estimate counts. With four pods or more, each is the smallest over leaving one pod out: one odd pod must not blind the
judge. Without two pods to compare, neighbouring blocks of time stand in for pods.
"""

from collections.abc import Sequence
from typing import Final

from steps.model.evidence import Counts, Stratum

BLOCKS: Final = (1, 4, 12, 60)
MIN_BAD: Final = 20
"""Bad requests of the past below which phi stays 1: the least number of bad requests guards that time."""

_MIN_FREEDOM: Final = 6
_LEAVE_OUT_FROM: Final = 4
_STAND_INS: Final = 4
_CELLS = list[list[int]]


class Spread:
    """Running estimate; feed the strata in order of time and read `phi` before each."""

    def __init__(self) -> None:
        self._blocks = [_Block(length) for length in BLOCKS]
        self._bad = 0
        self._phi = 1.0

    @property
    def phi(self) -> float:
        """Overdispersion by the strata added so far, >= 1."""
        return self._phi if self._bad >= MIN_BAD else 1.0

    def add(self, stratum: Stratum) -> None:
        """Take in the stable arm of one stratum."""
        pods = stratum.stable_pods
        self._bad += stratum.stable.bad
        changed = False
        for block in self._blocks:
            changed |= block.add(pods, stratum.stable)
        if changed:
            self._phi = max(1.0, *(block.estimate for block in self._blocks))


class _Block:
    """Estimate over blocks of one length."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._filled = 0
        self._totals: list[int] = []
        self._bads: list[int] = []
        self._whole = [0, 0]
        self._earlier: list[list[int]] = []
        self._square = 0.0
        self._freedom = 0.0
        self._degrees = 0.0

    @property
    def estimate(self) -> float:
        """Weighted mean of chi-square over its degrees of freedom, or 1 while there are too few."""
        return self._square / self._freedom if self._degrees >= _MIN_FREEDOM else 1.0

    def add(self, pods: tuple[Counts, ...], stable: Counts) -> bool:
        """Add one stratum; tell whether the estimate changed."""
        for i, pod in enumerate(pods):
            if i == len(self._totals):
                self._totals.append(0)
                self._bads.append(0)
            self._totals[i] += pod.total
            self._bads[i] += pod.bad
        self._whole[0] += stable.total
        self._whole[1] += stable.bad
        self._filled += 1
        return self._filled == self._length and self._close()

    def _close(self) -> bool:
        cells = [[total, bad] for total, bad in zip(self._totals, self._bads, strict=True) if total]
        whole, self._whole = self._whole, [0, 0]
        self._totals, self._bads, self._filled = [], [], 0
        if len(cells) < 2:  # noqa: PLR2004 - two pods are the least that can differ
            self._earlier.append(whole)
            if len(self._earlier) < _STAND_INS:
                return False
            cells, self._earlier = [cell for cell in self._earlier if cell[0]], []
            return self._weigh(cells, leave_out=False)
        return self._weigh(cells, leave_out=len(cells) >= _LEAVE_OUT_FROM)

    def _weigh(self, cells: _CELLS, *, leave_out: bool) -> bool:
        bad = sum(cell[1] for cell in cells)
        square, degrees = chi_square(cells, leave_out=leave_out)
        if not bad or degrees <= 0:
            return False
        self._square += bad * square
        self._freedom += bad * degrees
        self._degrees += degrees
        return True


def chi_square(cells: Sequence[Sequence[int]], *, leave_out: bool) -> tuple[float, int]:
    """Give Pearson's statistic of (total, bad) cells and its degrees of freedom.

    With `leave_out` the smallest statistic over leaving one cell out, with one degree less.
    """
    total, bad = sum(cell[0] for cell in cells), sum(cell[1] for cell in cells)
    squares = sum(cell[1] * cell[1] / cell[0] for cell in cells)
    degrees = len(cells) - 1
    if not leave_out:
        return _pearson(squares, total, bad), degrees
    return min(_pearson(squares - b * b / n, total - n, bad - b) for n, b in cells), degrees - 1


def _pearson(squares: float, total: int, bad: int) -> float:
    if total <= 0 or not 0 < bad < total:
        return 0.0
    share = bad / total
    return max(0.0, (squares - bad * share) / (share * (1.0 - share)))
