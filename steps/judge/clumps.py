"""Clumps: how long bad requests of one pod cling together, so that a canary's bad half minute counts as one event.

phi tells how many bad requests come at once, not for how long they go on: a pod that fails for a minute fails in four
scrapes on end, and four scrapes agree. So the lengths of such bursts are learnt from single pods of stable, and a burst
of the canary may bring the worth of one event, and of one more each time it has lasted as long again as stable's do.
A steady fault lasts longer than any of them and is found; where stable's pods have no bursts nothing is held back.
"""

from collections.abc import Sequence
from math import log, sqrt
from typing import Final

from steps.judge.habits import Cell
from steps.model.evidence import Counts, Stratum

LEAST_BAD: Final = 3
TIMES: Final = 4.0
"""The canary's burst: so many bad requests in a stratum, and so many times what was to be expected of it."""

PATIENCE: Final = 2.0
"""A burst counts as one event until it has lasted so many times as long as stable's: few were seen, lengths scatter."""

_FAR: Final = 4.0
"""Standard deviations, and bad requests, above what was expected of a pod: no chance of many pods and scrapes."""


class Clumps:
    """Lengths of the bursts of stable's pods; feed the strata in order of time."""

    def __init__(self) -> None:
        self._running: list[int] = []
        self._lengths = self._squares = self._longest = 0

    @property
    def length(self) -> float:
        """Usual length of a burst in strata: the mean as a bad request meets it, the longest counted twice.

        0 while none was longer than a stratum: what is over within one is phi's matter.
        """
        longest = self._longest
        return (self._squares + longest * longest) / (self._lengths + longest) if longest > 1 else 0.0

    def add(self, cells: Sequence[Cell], everything: int, loads: Sequence[float], usual: float) -> None:
        """Take in stable's pods of one stratum.

        Args:
            cells: by pod.
            everything: bad requests of all.
            loads: what the pods' traffic and habits let expect, relative to each other.
            usual: stable's bad share so far (0-1).
        """
        running, self._running = self._running, []
        if everything <= _FAR:
            return
        self._running = [0] * len(cells)
        whole = sum(loads)
        for i, ((_, bad), load) in enumerate(zip(cells, loads, strict=True)):
            if bad <= _FAR or whole <= load:
                continue
            expected = max(usual, (everything - bad) / (whole - load)) * load
            if bad < expected + _FAR * (1.0 + sqrt(expected)):
                continue
            length = 1 + (running[i] if i < len(running) else 0)
            self._running[i] = length
            self._lengths += 1
            self._squares += 2 * length - 1
            self._longest = max(self._longest, length)


class Burst:
    """The canary's present burst, and what its strata have brought so far, by gain."""

    def __init__(self, gains: int) -> None:
        self._used = [0.0] * gains
        self._strata = 0

    def limit(self, logs: list[float], stratum: Stratum, length: float) -> list[float]:
        """Cut what one more stratum would bring beyond the worth of the burst's events so far."""
        canary, stable = stratum.canary, stratum.stable
        if not length or not _bursting(canary, stable):
            if self._strata:
                self._used, self._strata = [0.0] * len(logs), 0
            return logs
        self._strata += 1
        allowed = max(1.0, self._strata / (PATIENCE * length)) * worth(stratum)
        logs = [min(value, allowed - used) for value, used in zip(logs, self._used, strict=True)]
        self._used = [used + value for value, used in zip(logs, self._used, strict=True)]
        return logs


def _bursting(canary: Counts, stable: Counts) -> bool:
    expected = canary.total * stable.bad / max(stable.total, 1)
    return canary.bad >= LEAST_BAD and canary.bad >= TIMES * expected


def worth(stratum: Stratum) -> float:
    """Give what one event can bring, ln: it falls on the canary by its part of the requests, or of the pods if more."""
    pods = sum(1 for pod in stratum.stable_pods if pod.total)
    part = stratum.canary.total / (stratum.canary.total + stratum.stable.total)
    return -log(max(part, 1.0 / (1.0 + max(pods, 1))))
