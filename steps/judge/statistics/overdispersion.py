"""Overdispersion: how much more bad requests cling together than independent ones would.

phi is Pearson's chi-square of stable's bad requests across its pods, per degree of freedom, averaged over the past and
weighted by each block's bad requests (unweighted it is biased low). Spread between pods within a block of time leaves
out what strikes all pods alike, and `habits` what one pod does all the time. Blocks of 1, 4, 12 and 60 strata see
batches that outlast a scrape; the largest estimate counts. Without two pods to compare, neighbouring blocks of time
stand in for pods. Before much was seen, phi leans on PRIOR_PHI; longer blocks lean on the estimate of the shorter ones.

An exceptional incident of stable (one pod, or all where pods are not told apart, fails in several strata on end, and
that is seldom) counts once: `clumps` limits what a like burst of the canary may bring, and phi leaves it out. Else it
would divide all evidence for the length of the run, and be held against that evidence a second time. Where pods have
bursts all the time both are needed: phi for the bursts' sizes and clumps for their lengths.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.bursts import EXCEPTIONAL, BurstLengths
from steps.judge.statistics.chi_square import ChiSquareBlock, count_present
from steps.judge.statistics.pod_rates import CountPair, PodRates
from steps.judge.statistics.stable_history import SURE_STRATA, StableHistory
from steps.model.evidence import Stratum

BLOCKS: Final = (1, 4, 12, 60)
PRIOR_PHI: Final = 1.5

OUTAGE_SHARE: Final = 0.2
OUTAGE_TIMES: Final = 3.0
"""A stratum with more bad requests than this share, and this many times stable's usual share, is an outage."""

LARGEST_PHI: Final = 40.0
"""Twice what batches of ten failures make; beyond it an estimate speaks of something else than batches."""

_EDGE: Final = 2
"""A burst of two strata is known as one at its second; it may have begun in a part of the stratum before the first."""


class Overdispersion:
    """Running estimate of phi, with what it rests on: stable's bad and all requests, and strata."""

    def __init__(self) -> None:
        lengths = zip(BLOCKS, (1, *BLOCKS), strict=False)
        self._blocks = [ChiSquareBlock(length // shorter) for length, shorter in lengths]
        self._shortest, *self._longer = self._blocks
        self.habits = PodRates()
        self.bad = self.total = self.strata = 0
        self._phi: float | None = PRIOR_PHI

    @property
    def phi(self) -> float:
        """Overdispersion by the strata added so far, >= 1."""
        if self._phi is None:
            self._phi = self._estimate()
        return self._phi

    @property
    def share(self) -> float:
        """Stable's bad share (0-1)."""
        return self.bad / self.total if self.total else 0.0

    def add(self, whole: CountPair, pods: list[CountPair], loads: Sequence[float] = ()) -> None:
        """Take in one stratum: all requests and those of each pod, with the pods' loads if they are known."""
        total, bad = whole
        if bad and len(pods) > 1:
            loads = self.habits.add(pods, bad, loads or self.habits.loads(pods))
        self.bad += bad
        self.total += total
        self.strata += 1
        self._phi = None
        self._shortest.close(whole, pods, loads)
        for block in self._longer:
            closed = block.add(whole, pods, self.habits)
            if closed is None:
                return
            whole, pods = closed

    def _estimate(self) -> float:
        estimate, phi = PRIOR_PHI, 1.0
        for block in self._blocks:  # each leans on the shorter one's estimate while little was seen
            if block.freedom:
                estimate = (block.square + block.weight * estimate) / (block.freedom + block.weight)
            if estimate > phi:  # noqa: PLR1730 - a third of the time of max()
                phi = estimate
        return min(phi, LARGEST_PHI)


class HistoryTracker:
    """Running estimate; feed the strata in order of time and read `past` before each.

    Args:
        usual: stable's usual bad share (0-1) beforehand, so that a past that begins with an incident is known as such.
    """

    def __init__(self, usual: float = 0.0) -> None:
        self._all, self._calm = Overdispersion(), Overdispersion()
        self._log: list[tuple[CountPair, list[CountPair]]] = []
        self._marks: dict[int, set[int]] = {}
        self._read = 0
        self._bursting: set[int] = set()
        self._clumps = BurstLengths()
        self._usual = usual
        self._quiet_bad = self._quiet_total = self._pods = 0

    @property
    def phi(self) -> float:
        """Overdispersion by the strata added so far, >= 1."""
        return self.past.phi

    @property
    def past(self) -> StableHistory:
        """All that the strata added so far say."""
        known = self._all
        if not self._clumps.events:
            return StableHistory(known.phi, known.bad, known.total, known.strata)
        length = self._clumps.length
        chance = self._clumps.hazard(self._pods)
        if chance <= EXCEPTIONAL:
            known = self._without_bursts()
            return StableHistory(known.phi, known.bad, known.total, known.strata, length, chance)
        if self._pods <= 1:
            length = 0.0  # phi alone has to tell, since nothing tells a pod's burst from a batch of all
        return StableHistory(known.phi, known.bad, known.total, known.strata, length)

    def add(self, stratum: Stratum) -> None:
        """Take in the stable arm of one stratum."""
        whole = (stratum.stable.total, stratum.stable.bad)
        pods = [(pod.total, pod.bad) for pod in stratum.stable_pods]
        self._pods = count_present(pods)
        loads: Sequence[float] = ()
        if self._pods > 1:
            loads = self._all.habits.loads(pods) if whole[1] else ()
            self._clumps.add(pods, whole[1], loads, self._share())
        else:
            self._clumps.add_whole(*whole, self._share())
        self._note(whole, pods)
        if self._pods > 1 or not self._is_outage(*whole):
            self._all.add(whole, pods, loads)

    def _note(self, whole: CountPair, pods: list[CountPair]) -> None:
        """Keep the stratum and which of its pods burst for longer than one, the edges of bursts included."""
        now, before, here = self._clumps.raised, self._bursting, len(self._log)
        self._log.append((whole, pods))
        if now or before:
            self._marks[here] = now | before
            for index in range(max(0, here - _EDGE), here):
                self._marks.setdefault(index, set()).update(now - before)
            self._bursting = now
        if self._clumps.quiet:
            self._quiet_total += whole[0]
            self._quiet_bad += whole[1]

    def _without_bursts(self) -> Overdispersion:
        """Give the account without the bursts, up to the last stratum of which it is known that it belongs to none."""
        for index in range(self._read, len(self._log) - _EDGE):
            whole, pods = self._log[index]
            bursting = self._marks.get(index)
            if not bursting:
                self._calm.add(whole, pods)
            elif count_present(pods) > 1:
                total, bad = (sum(pods[i][kind] for i in bursting) for kind in (0, 1))
                calm = [cell if i not in bursting else (0, 0) for i, cell in enumerate(pods)]
                self._calm.add((max(0, whole[0] - total), max(0, whole[1] - bad)), calm)
            self._read = index + 1
        return self._calm

    def _share(self) -> float:
        """Give stable's usual bad share (0-1): of the past without its bursts."""
        seen = self._quiet_bad / self._quiet_total if self._quiet_total else 0.0
        return self._usual if self._usual and len(self._log) < SURE_STRATA else max(self._usual, seen)

    def _is_outage(self, total: int, bad: int) -> bool:
        """Tell whether this is an outage of stable rather than its ordinary noise.

        Asked where pods cannot be compared: neighbouring times stand in for them, so that an outage would count as
        overdispersion and hide a canary that fails everything for minutes after it.
        """
        known = self._quiet_total or self._usual
        return bool(known) and bad > OUTAGE_SHARE * total and bad > OUTAGE_TIMES * self._share() * total


def usual_share(strata: Sequence[Stratum]) -> float:
    """Give the median of stable's bad share (0-1) over strata; 0 for none."""
    shares = sorted(stratum.stable.bad / stratum.stable.total for stratum in strata if stratum.stable.total)
    return shares[len(shares) // 2] if shares else 0.0


def track_history(strata: Sequence[Stratum]) -> HistoryTracker:
    """Give the spread that the strata before the canary's first exposure teach."""
    apart = any(len(stratum.stable_pods) > 1 for stratum in strata[-1:])
    spread = HistoryTracker(0.0 if apart else usual_share(strata))
    for stratum in strata:
        spread.add(stratum)
    return spread
