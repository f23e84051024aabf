"""Stable's history as it grows: phi, bursts, and which incidents of stable are left out of phi.

An exceptional incident of stable (one pod, or all of them where pods are not distinguished, fails in several strata in
a row, and that is rare) counts once: `bursts` limits what a similar burst of the canary may add, and phi leaves the
incident out. Otherwise the incident would divide all evidence for the rest of the run, and count against it twice.
Where pods have bursts all the time, both apply: phi for the size of the bursts, `bursts` for their length.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.bursts import EXCEPTIONAL, BurstLengths
from steps.judge.statistics.chi_square import count_present
from steps.judge.statistics.overdispersion import Overdispersion
from steps.judge.statistics.pod_habits import PodHabits
from steps.judge.statistics.pod_rates import CountPair
from steps.judge.statistics.stable_history import HISTORY_STRATA, StableHistory
from steps.model.evidence import Stratum

OUTAGE_SHARE: Final = 0.2
OUTAGE_TIMES: Final = 3.0
"""A stratum with more bad requests than this share, and this many times stable's usual share, is an outage."""

_EDGE: Final = 2
"""A burst of two strata is recognised at its second one, and it may have begun in a part of the stratum before its
first: so the two strata before the recognition belong to it."""


class HistoryTracker:
    """Running history; add the strata in order of time and read `history` before each.

    Args:
        usual: stable's usual bad share (0-1), so that a history that begins with an incident is recognised as such.
    """

    def __init__(self, usual: float = 0.0) -> None:
        self._all, self._without_bursts = Overdispersion(), Overdispersion()
        self._log: list[tuple[CountPair, list[CountPair]]] = []
        self._bursting_at: dict[int, set[int]] = {}
        self._read = 0
        self._bursting: set[int] = set()
        self._bursts, self._habits = BurstLengths(), PodHabits()
        self._usual = usual
        self._quiet_bad = self._quiet_total = self._pods = 0

    @property
    def phi(self) -> float:
        """Overdispersion by the strata added so far, >= 1."""
        return self.history.phi

    @property
    def history(self) -> StableHistory:
        """All that the strata added so far say."""
        estimate = self._all
        if not self._bursts.events:
            return self._history(estimate, 0.0)
        length = self._bursts.length
        hazard = self._bursts.hazard(self._pods)
        if hazard <= EXCEPTIONAL:
            estimate = self._estimate_without_bursts()
            return self._history(estimate, length, hazard)
        if self._pods <= 1:
            length = 0.0  # phi alone has to cover it: nothing tells a pod's burst from a batch that hits all pods
        return self._history(estimate, length)

    def _history(self, estimate: Overdispersion, length: float, hazard: float = 1.0) -> StableHistory:
        seen, habits = (estimate.phi, estimate.bad, estimate.total, estimate.strata), self._habits
        return StableHistory(*seen, length, hazard, habits.worst, habits.worst_share)

    def add(self, stratum: Stratum) -> None:
        """Add the stable arm of one stratum."""
        whole = (stratum.stable.total, stratum.stable.bad)
        pods = [(pod.total, pod.bad) for pod in stratum.stable_pods]
        self._pods = count_present(pods)
        loads: Sequence[float] = ()
        if self._pods > 1:
            loads = self._all.pod_rates.loads(pods) if whole[1] else ()
            self._bursts.add(pods, whole[1], loads, self._share())
            self._habits.add(pods)
        else:
            self._bursts.add_whole(*whole, self._share())
        self._log_stratum(whole, pods)
        if self._pods > 1 or not self._is_outage(*whole):
            self._all.add(whole, pods, loads)

    def _log_stratum(self, whole: CountPair, pods: list[CountPair]) -> None:
        """Keep the stratum and which of its pods are in a burst of more than one, the edges of bursts included."""
        now, before, here = self._bursts.raised, self._bursting, len(self._log)
        self._log.append((whole, pods))
        if now or before:
            # A burst that ended just now still marks this stratum; one that was just recognised marks those before.
            self._bursting_at[here] = now | before
            for index in range(max(0, here - _EDGE), here):
                self._bursting_at.setdefault(index, set()).update(now - before)
            self._bursting = now
        if self._bursts.quiet:
            self._quiet_total += whole[0]
            self._quiet_bad += whole[1]

    def _estimate_without_bursts(self) -> Overdispersion:
        """Return the estimate without bursts, up to the last stratum that can no longer turn out to belong to one."""
        for index in range(self._read, len(self._log) - _EDGE):
            whole, pods = self._log[index]
            bursting = self._bursting_at.get(index)
            if not bursting:
                self._without_bursts.add(whole, pods)
            elif count_present(pods) > 1:
                total, bad = (sum(pods[i][kind] for i in bursting) for kind in (0, 1))
                others = [pair if i not in bursting else (0, 0) for i, pair in enumerate(pods)]
                self._without_bursts.add((max(0, whole[0] - total), max(0, whole[1] - bad)), others)
            self._read = index + 1
        return self._without_bursts

    def _share(self) -> float:
        """Return stable's usual bad share (0-1): that of the history without its bursts."""
        seen = self._quiet_bad / self._quiet_total if self._quiet_total else 0.0
        return self._usual if self._usual and len(self._log) < HISTORY_STRATA else max(self._usual, seen)

    def _is_outage(self, total: int, bad: int) -> bool:
        """Return whether this is an outage of stable rather than its ordinary noise.

        Only asked where pods cannot be compared: there neighbouring times stand in for pods, so an outage would count
        as overdispersion and hide, for minutes afterwards, a canary that fails everything.
        """
        is_known = self._quiet_total or self._usual
        return bool(is_known) and bad > OUTAGE_SHARE * total and bad > OUTAGE_TIMES * self._share() * total
