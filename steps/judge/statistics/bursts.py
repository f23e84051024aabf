"""Clumps: how long bad requests of one pod cling together, so that a canary's bad half minute counts as one event.

phi tells how many bad requests come at once, not for how long they go on: a pod that fails for a minute fails in four
scrapes on end, and four scrapes agree. So the lengths of such bursts are learnt from single pods of stable, and a burst
of the canary may bring the worth of one event, and of one more each time it has lasted as long again as stable's do.
A steady fault lasts longer than any of them and is found; where stable's pods have no bursts nothing is held back.

Where pods are not told apart, times in which all of stable fails far more than usual are such bursts.
"""

from collections.abc import Callable, Sequence
from math import log, sqrt
from typing import Final

from steps.judge.statistics.pod_rates import CountPair
from steps.judge.statistics.stable_history import StableHistory
from steps.model.evidence import Stratum

LEAST_BAD: Final = 3
TIMES: Final = 4.0
"""The canary's burst: so many bad requests in a stratum, and so many times what was to be expected of it."""

PATIENCE: Final = 2.0
"""A burst counts as one event until it has lasted so many times as long as stable's: few were seen, lengths scatter."""

EXCEPTIONAL: Final = 0.006
"""Chance per stratum that a pod of the canary begins a burst, by those of stable's, up to which bursts are exceptional:
one in ten minutes of nine pods, and none yet of three."""

RARE: Final = 0.02
"""While exceptional bursts have had less chance than this since the canary's first request, they are not held against
its evidence: a false alarm grows likelier by no more than this, and a canary that is bad from its first request on is
found in spite of an incident of stable."""

_UNKNOWN_PODS: Final = 9
"""Stable's pods where they are not told apart."""

_FAR: Final = 4.0
"""Standard deviations, and bad requests, above what was expected of a pod: no chance of many pods and scrapes."""

_STILL_FAR: Final = 2
_STILL_TIMES: Final = 4.0
"""A burst that has begun goes on at so many bad requests and so many times what was expected."""

_OUTLASTS: Final = 2
"""Strata from which a burst is longer than what phi sees."""

_MANY_TIMES: Final = 10.0
"""Times stable's usual share, where pods are not told apart and batches of bad requests would look the same."""


class BurstLengths:
    """Lengths of the bursts of stable's pods; feed the strata in order of time.

    Attributes:
        raised: pods that had a burst of more than a stratum and still fail far more than their part; 0 stands for all
            of stable where pods are not told apart. A burst that goes on for minutes becomes a habit, and is over as a
            burst; it is still the same event.
        events: bursts of more than a stratum so far.
    """

    def __init__(self) -> None:
        self.raised: set[int] = set()
        self._running: list[int] = []
        self._lengths = self._squares = self._longest = 0
        self.events = self._strata = 0

    @property
    def quiet(self) -> bool:
        """Whether nothing looked like a burst in the last stratum."""
        return not (self._running or self.raised)

    @property
    def length(self) -> float:
        """Usual length of a burst in strata: the mean as a bad request meets it, the longest counted twice.

        0 while none was longer than a stratum: what is over within one is phi's matter.
        """
        longest = self._longest
        return (self._squares + longest * longest) / (self._lengths + longest) if longest > 1 else 0.0

    def hazard(self, pods: int) -> float:
        """Give the chance per stratum that a pod begins a burst, of `pods` that were seen (1 or less: not told apart).

        As if one more had been seen: few were.
        """
        return (self.events + 1.0) / (max(1, self._strata) * (pods if pods > 1 else _UNKNOWN_PODS))

    def add(self, cells: Sequence[CountPair], everything: int, loads: Sequence[float], usual: float) -> None:
        """Take in stable's pods of one stratum.

        Args:
            cells: by pod.
            everything: bad requests of all.
            loads: what the pods' traffic and habits let expect, relative to each other.
            usual: stable's bad share so far (0-1).
        """
        self._strata += 1
        quiet = self.quiet
        least = _FAR if quiet else _STILL_FAR - 1
        if everything <= least or max([bad for _, bad in cells]) <= least:
            if not quiet:
                self._running, self.raised = [], set()
            return
        whole, requests = sum(loads), sum([total for total, _ in cells])

        def bursts(index: int, running: int) -> bool:
            bad, load = cells[index][1], loads[index]
            if bad <= least or whole <= load:
                return False
            expected = max(usual, (everything - bad) / (whole - load)) * load
            if running:
                return bad >= _STILL_TIMES * expected
            return bad > _FAR and bad >= expected + _FAR * (1.0 + sqrt(expected))

        def fails(index: int) -> bool:
            total, bad = cells[index]
            share = max(usual, (everything - bad) / (requests - total)) if requests > total else usual
            return bad > least and bad >= _STILL_TIMES * share * total

        self._go_on(len(cells), bursts, fails)

    def add_whole(self, total: int, bad: int, usual: float) -> None:
        """Take in a stratum of a stable whose pods are not told apart; `usual` is its bad share (0-1) otherwise."""
        self._strata += 1

        def bursts(_: int, running: int) -> bool:
            least, times = (_STILL_FAR, _STILL_TIMES) if running else (_FAR + 1, _MANY_TIMES)
            return bad >= least and bad >= times * usual * total

        self._go_on(1, bursts, lambda index: bursts(index, 1))

    def _go_on(self, count: int, bursts: Callable[[int, int], bool], fails: Callable[[int], bool]) -> None:
        before, now = self._running, [0] * count
        raised = {i for i in self.raised if i < count and fails(i)}
        for i in range(count):
            length = before[i] if i < len(before) else 0
            if bursts(i, length):
                now[i] = length = length + 1
                self._lengths += 1
                self._squares += 2 * length - 1
                self._longest = max(self._longest, length)
                if length == _OUTLASTS:
                    self.events += i not in raised
                    raised.add(i)
        self._running, self.raised = now if any(now) else [], raised


class BurstLimit:
    """The canary's present burst, and what its strata have brought so far, by gain."""

    def __init__(self, gains: int) -> None:
        self._used = [0.0] * gains
        self._strata = 0

    def limit(self, logs: list[float], stratum: Stratum, past: StableHistory, exposed: int) -> list[float]:
        """Cut what one more stratum would bring beyond the worth of the burst's events so far.

        Args:
            logs: what the stratum would bring, by gain.
            stratum: the counts.
            past: stable's past before it.
            exposed: strata since the canary's first request, this one included.
        """
        chance = past.hazard * exposed
        if not past.length or not _bursting(stratum) or chance <= RARE:
            if self._strata:
                self._used, self._strata = [0.0] * len(logs), 0
            return logs
        self._strata += 1
        events = max(1.0, self._strata / (PATIENCE * past.length))
        allowed = events * max(event_worth(stratum), -log(chance))
        logs = [min(value, allowed - used) for value, used in zip(logs, self._used, strict=True)]
        self._used = [used + value for value, used in zip(logs, self._used, strict=True)]
        return logs


def _bursting(stratum: Stratum) -> bool:
    """Whether the canary fails far more than stable does; where stable has no requests nothing tells a burst."""
    canary, stable = stratum.canary, stratum.stable
    if not stable.total or canary.bad < LEAST_BAD:
        return False
    return canary.bad >= TIMES * canary.total * stable.bad / stable.total


def event_worth(stratum: Stratum) -> float:
    """Give what one event can bring, ln: it falls on the canary by its part of the requests, or of the pods if more."""
    part = stratum.canary.total / (stratum.canary.total + stratum.stable.total)
    if not stratum.stable_pods:
        return -log(part)
    pods = sum(1 for pod in stratum.stable_pods if pod.total)
    return -log(max(part, 1.0 / (1.0 + max(pods, 1))))
