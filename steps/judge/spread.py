"""Overdispersion: how much more bad requests cling together than independent ones would.

phi is Pearson's chi-square of stable's bad requests across its pods, per degree of freedom, averaged over the past and
weighted by each block's bad requests (unweighted it is biased low). Spread between pods within a block of time leaves
out what strikes all pods alike. Blocks of 1, 4, 12 and 60 strata see batches that outlast a scrape; the largest
estimate counts. With four pods or more, each is the smallest over leaving one pod out of the whole past: one odd pod
must not blind the judge. Without two pods to compare, neighbouring blocks of time stand in for pods. Before much was
seen, phi leans on PRIOR_PHI; longer blocks lean on the estimate of the shorter ones.
"""

from typing import Final

from steps.model.evidence import Counts, Stratum

BLOCKS: Final = (1, 4, 12, 60)
PRIOR_PHI: Final = 2.0
PRIOR_WEIGHT: Final = 40.0
"""As if the prior had been seen in 40 bad requests times degrees of freedom."""

KNOWN_FROM: Final = 20
"""Bad requests of the past from which phi counts as known."""

SURE_FROM: Final = 60
"""Bad requests of the past from which one stratum may add more than the usual cap if its neighbours confirm it."""

_LEAVE_OUT_FROM: Final = 4
_STAND_INS: Final = 4
_Cells = list[tuple[int, int, int]]


class Spread:
    """Running estimate; feed the strata in order of time and read `phi` before each."""

    def __init__(self) -> None:
        self._blocks = [_Block(length) for length in BLOCKS]
        self._bad = 0
        self.phi = PRIOR_PHI

    @property
    def sure(self) -> bool:
        """Whether so many bad requests were seen that batches would have shown."""
        return self._bad >= SURE_FROM

    @property
    def known(self) -> bool:
        """Whether enough bad requests were seen to believe `phi`."""
        return self._bad >= KNOWN_FROM

    def add(self, stratum: Stratum) -> None:
        """Take in the stable arm of one stratum."""
        self._bad += stratum.stable.bad
        changed = [block for block in self._blocks if block.add(stratum.stable_pods, stratum.stable)]
        if changed:
            self._estimate()

    def _estimate(self) -> None:
        phi = estimate = PRIOR_PHI
        for number, block in enumerate(self._blocks):
            estimate = block.estimate(estimate)
            phi = estimate if number == 0 else max(phi, estimate)
        self.phi = max(1.0, phi)


class _Block:
    """Weighted sums over blocks of one length, as a whole and with each pod left out."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._strata: list[tuple[tuple[Counts, ...], Counts]] = []
        self._earlier: list[tuple[int, int]] = []
        self._square = 0.0
        self._freedom = 0.0
        self._without: dict[int, list[float]] = {}

    def estimate(self, prior: float) -> float:
        """Give the estimate, leaning on `prior` while little was seen."""
        sums = [(self._square, self._freedom)]
        if len(self._without) >= _LEAVE_OUT_FROM:
            sums = [(square, freedom) for square, freedom in self._without.values()]
        weight = PRIOR_WEIGHT
        return min((square + weight * prior) / (freedom + weight) for square, freedom in sums)

    def add(self, pods: tuple[Counts, ...], stable: Counts) -> bool:
        """Add one stratum; tell whether the sums changed."""
        self._strata.append((pods, stable))
        return len(self._strata) == self._length and self._close()

    def _close(self) -> bool:
        strata, self._strata = self._strata, []
        if not any(stable.bad for _, stable in strata) and len(strata[0][0]) > 1:
            return False
        cells = _pods(strata)
        if len(cells) > 1:
            return self._weigh(cells, leave_out=len(cells) >= _LEAVE_OUT_FROM)
        self._earlier.append((sum(s.total for _, s in strata), sum(s.bad for _, s in strata)))
        if len(self._earlier) < _STAND_INS:
            return False
        cells = [(i, total, bad) for i, (total, bad) in enumerate(self._earlier) if total]
        self._earlier = []
        return self._weigh(cells, leave_out=False)

    def _weigh(self, cells: _Cells, *, leave_out: bool) -> bool:
        total, bad, degrees = sum(cell[1] for cell in cells), sum(cell[2] for cell in cells), len(cells) - 1
        if not bad or degrees < 1:
            return False
        squares = sum(cell[2] * cell[2] / cell[1] for cell in cells)
        self._square += bad * pearson(squares, total, bad)
        self._freedom += bad * degrees
        if leave_out:
            for i, n, x in cells:
                sums = self._without.setdefault(i, [0.0, 0.0])
                sums[0] += (bad - x) * pearson(squares - x * x / n, total - n, bad - x)
                sums[1] += (bad - x) * (degrees - 1)
        return True


def _pods(strata: list[tuple[tuple[Counts, ...], Counts]]) -> _Cells:
    """Sum each pod over the strata: (position, total, bad) of those with traffic."""
    if len(strata) == 1:
        return [(i, pod.total, pod.bad) for i, pod in enumerate(strata[0][0]) if pod.total]
    totals: dict[int, int] = {}
    bads: dict[int, int] = {}
    for pods, _ in strata:
        for i, pod in enumerate(pods):
            totals[i] = totals.get(i, 0) + pod.total
            bads[i] = bads.get(i, 0) + pod.bad
    return [(i, total, bads[i]) for i, total in totals.items() if total]


def pearson(squares: float, total: int, bad: int) -> float:
    """Give Pearson's chi-square of cells (n, x), where `squares` is the sum of x * x / n over them."""
    if total <= 0 or not 0 < bad < total:
        return 0.0
    share = bad / total
    return max(0.0, (squares - bad * share) / (share * (1.0 - share)))
