"""Overdispersion (phi): how much more bad requests come in batches than independent ones would.

phi is Pearson's chi-square of stable's bad requests across its pods, per degree of freedom, averaged over the history
and weighted by each block's bad requests (unweighted it is biased low); evidence is divided by it, as in a
quasi-likelihood (Wedderburn 1974; McCullagh and Nelder 1989, section 4.5). Comparing pods within a block of time leaves
out what hits all pods alike, and `pod_rates` leaves out what one pod does all the time. Blocks of 1, 4, 12 and 60
strata see batches that outlast a scrape; the largest estimate counts. Without two pods to compare, neighbouring blocks
of time stand in for pods. While little was seen, phi leans on PRIOR_PHI; longer blocks lean on the estimate of shorter
ones.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.chi_square import ChiSquareBlock
from steps.judge.statistics.pod_rates import CountPair, PodRates

BLOCKS: Final = (1, 4, 12, 60)
PRIOR_PHI: Final = 1.5

LARGEST_PHI: Final = 40.0
"""Twice what batches of ten failures produce; a larger estimate has another cause than batches."""


class Overdispersion:
    """Running estimate of phi, with what it rests on: stable's bad and all requests, and strata."""

    def __init__(self) -> None:
        lengths = zip(BLOCKS, (1, *BLOCKS), strict=False)
        self._blocks = [ChiSquareBlock(length // shorter) for length, shorter in lengths]
        self._shortest, *self._longer = self._blocks
        self.pod_rates = PodRates()
        self.bad = self.total = self.strata = 0
        self._phi: float | None = PRIOR_PHI

    @property
    def phi(self) -> float:
        """Overdispersion by the strata added so far, >= 1."""
        if self._phi is None:
            self._phi = self._estimate()
        return self._phi

    def add(self, whole: CountPair, pods: list[CountPair], loads: Sequence[float] = ()) -> None:
        """Add one stratum: all requests and those of each pod, with the pods' expected loads if they are known."""
        total, bad = whole
        if bad and len(pods) > 1:
            loads = self.pod_rates.add(pods, bad, loads or self.pod_rates.loads(pods))
        self.bad += bad
        self.total += total
        self.strata += 1
        self._phi = None
        # Each block adds up blocks of the length before; the next longer one only changes when this one is full.
        self._shortest.close(whole, pods, loads)
        for block in self._longer:
            closed = block.add(whole, pods, self.pod_rates)
            if closed is None:
                return
            whole, pods = closed

    def _estimate(self) -> float:
        estimate, phi = PRIOR_PHI, 1.0
        for block in self._blocks:  # each leans on the estimate of the shorter one while little was seen
            if block.freedom:
                estimate = (block.square + block.weight * estimate) / (block.freedom + block.weight)
            if estimate > phi:  # noqa: PLR1730 - a third of the time of max()
                phi = estimate
        return min(phi, LARGEST_PHI)
