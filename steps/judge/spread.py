"""Overdispersion: how much more bad requests cling together than independent ones would.

phi is Pearson's chi-square of stable's bad requests across its pods, per degree of freedom, averaged over the past and
weighted by each block's bad requests (unweighted it is biased low). Spread between pods within a block of time leaves
out what strikes all pods alike, and `habits` what one pod does all the time. Blocks of 1, 4, 12 and 60 strata see
batches that outlast a scrape; the largest estimate counts. Without two pods to compare, neighbouring blocks of time
stand in for pods. Before much was seen, phi leans on PRIOR_PHI; longer blocks lean on the estimate of the shorter ones.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.clumps import Clumps
from steps.judge.habits import Cell, Habits
from steps.model.evidence import Counts, Stratum

BLOCKS: Final = (1, 4, 12, 60)
PRIOR_PHI: Final = 1.5
PRIOR_WEIGHT: Final = 25.0
"""As if the prior had been seen in 25 bad requests times degrees of freedom."""

PRIOR_FREEDOM: Final = 10.0
"""And, for the longer blocks, in ten degrees of freedom: a quarter of an hour of five pods is one look, however many
requests failed in it."""

KNOWN_FROM: Final = 20
"""Bad requests of the past from which phi counts as known."""

SOUND_UP_TO: Final = 3
SOUND_SHARE: Final = 0.004
SOUND_SHARE_AT_FIRST: Final = 0.002
SINGLY: Final = 2.0
"""Stable is sound up to so many bad requests of the past, or up to that share of its requests while phi is not known;
once it is known, up to the phi at which they still come singly or in pairs."""

SURE_FROM: Final = 60
SURE_STRATA: Final = 12
"""Bad requests and strata of the past from which a stratum may add more than the usual cap if confirmed."""

OUTAGE_SHARE: Final = 0.2
OUTAGE_TIMES: Final = 3.0
"""A stratum with more bad requests than this share, and this many times stable's usual share, is an outage."""

LARGEST_PHI: Final = 40.0
"""Twice what batches of ten failures make; beyond it an estimate speaks of something else than batches."""

_STAND_INS: Final = 4


class Spread:
    """Running estimate; feed the strata in order of time and read `phi` before each."""

    def __init__(self) -> None:
        lengths = zip(BLOCKS, (1, *BLOCKS), strict=False)
        self._shortest, *self._longer = (_Block(length // shorter) for length, shorter in lengths)
        self._habits = Habits()
        self.clumps = Clumps()
        self._bad = self._total = self._strata = 0
        self._all_bad = self._all_total = 0
        self._phi: float | None = PRIOR_PHI

    @property
    def phi(self) -> float:
        """Overdispersion by the strata added so far, >= 1."""
        if self._phi is None:
            self._phi = self._estimate()
        return self._phi

    @property
    def sound(self) -> bool:
        """Whether stable has hardly any bad requests, or some that are known to come singly."""
        if self.known:
            return self.phi <= SINGLY
        share = SOUND_SHARE if self.experienced else SOUND_SHARE_AT_FIRST
        return self._bad <= max(SOUND_UP_TO, share * self._total)

    @property
    def experienced(self) -> bool:
        """Whether stable was seen for so long that a batch of bad requests would probably have come by."""
        return self._strata >= SURE_STRATA

    @property
    def sure(self) -> bool:
        """Whether so many bad requests and strata were seen that batches would have shown."""
        return self._bad >= SURE_FROM and self.experienced

    @property
    def known(self) -> bool:
        """Whether enough bad requests were seen to believe `phi`."""
        return self._bad >= KNOWN_FROM

    def add(self, stratum: Stratum) -> None:
        """Take in the stable arm of one stratum."""
        stable = stratum.stable
        self._all_total += stable.total
        self._all_bad += stable.bad
        whole = (stable.total, stable.bad)
        pods = [(pod.total, pod.bad) for pod in stratum.stable_pods]
        if _present(pods) <= 1 and self._is_outage(stable):
            return
        loads = self._learn(pods, stable.bad) if len(pods) > 1 else ()
        self._bad += stable.bad
        self._total += stable.total
        self._strata += 1
        self._phi = None
        self._shortest.close(whole, pods, loads)
        for block in self._longer:
            closed = block.add(whole, pods, self._habits)
            if closed is None:
                return
            whole, pods = closed

    def _learn(self, pods: list[Cell], bad: int) -> Sequence[float]:
        """Learn habits and bursts; give the pods' loads, none where nothing was bad."""
        loads = self._habits.loads(pods) if bad else ()
        self.clumps.add(pods, bad, loads, self._bad / self._total if self._total else 0.0)
        return self._habits.add(pods, bad, loads) if bad else loads

    def _is_outage(self, stable: Counts) -> bool:
        """Tell whether this is an outage of stable rather than its ordinary noise.

        Asked where pods cannot be compared: neighbouring times stand in for them, so that an outage would count as
        overdispersion and hide a canary that fails everything for minutes after it.
        """
        if not stable.total:
            return False
        share = stable.bad / stable.total
        return share > OUTAGE_SHARE and share * self._all_total > OUTAGE_TIMES * self._all_bad

    def _estimate(self) -> float:
        phi = estimate = self._shortest.estimate(PRIOR_PHI)
        for block in self._longer:
            estimate = block.estimate(estimate)
            phi = max(phi, estimate)
        return min(max(1.0, phi), LARGEST_PHI)


class _Block:
    """Weighted sums over blocks of `parts` shorter blocks."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._total = self._bad = 0
        self._shorter: list[list[Cell]] = []
        self._earlier: list[Cell] = []
        self._square = self._freedom = self._squared = 0.0
        self._weight = PRIOR_WEIGHT

    def estimate(self, prior: float) -> float:
        """Give the estimate, leaning on `prior` while little was seen: few bad requests, or few blocks of many."""
        if not self._freedom:
            return prior
        return (self._square + self._weight * prior) / (self._freedom + self._weight)

    def add(self, whole: Cell, pods: list[Cell], habits: Habits) -> tuple[Cell, list[Cell]] | None:
        """Add one shorter block; give the sums when this one is full."""
        self._total += whole[0]
        self._bad += whole[1]
        self._shorter.append(pods)
        if len(self._shorter) < self._parts:
            return None
        whole, pods = (self._total, self._bad), _summed(self._shorter)
        self._total = self._bad = 0
        self._shorter = []
        self.close(whole, pods, habits.loads(pods))
        return whole, pods

    def close(self, whole: Cell, pods: list[Cell], loads: Sequence[float]) -> None:
        """Weigh a full block: how its bad requests fell on pods of such loads, or on neighbouring blocks."""
        present = _present(pods)
        if present > 1:
            if whole[1]:
                self._weigh(pearson(pods, loads, whole[1]), whole[1], present - 1)
            return
        self._earlier.append(whole)
        if len(self._earlier) == _STAND_INS:
            bad = sum(x for _, x in self._earlier)
            present = sum(1 for n, _ in self._earlier if n)
            if bad and present > 1:
                self._weigh(pearson(self._earlier, [n for n, _ in self._earlier], bad), bad, present - 1)
            self._earlier = []

    def _weigh(self, square: float, bad: int, degrees: int) -> None:
        self._square += bad * square
        self._freedom += bad * degrees
        self._squared += bad * bad * degrees
        if self._parts > 1:
            self._weight = max(PRIOR_WEIGHT, PRIOR_FREEDOM * self._squared / self._freedom)


def _summed(blocks: Sequence[Sequence[Cell]]) -> list[Cell]:
    """Add lists of cells, position by position."""
    longest = max(map(len, blocks))
    totals, bad = [0] * longest, [0] * longest
    for cells in blocks:
        for i, (n, x) in enumerate(cells):
            totals[i] += n
            bad[i] += x
    return list(zip(totals, bad, strict=True))


def _present(pods: list[Cell]) -> int:
    return len(pods) - pods.count((0, 0))


def pearson(cells: Sequence[Cell], loads: Sequence[float], bad: int) -> float:
    """Give Pearson's chi-square of cells (requests, bad ones; `bad` in all) that should share by `loads`."""
    whole, square = sum(loads), 0.0
    each = bad / whole if whole else 0.0
    for (total, seen), load in zip(cells, loads, strict=True):
        mean = load * each
        if 0.0 < mean < total:
            apart = seen - mean
            square += apart * apart * total / (mean * (total - mean))
    return square
