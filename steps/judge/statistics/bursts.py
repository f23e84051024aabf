"""Bursts: how long the bad requests of one pod go on, so that a bad half minute of the canary counts as one event.

phi says how many bad requests come at once, not for how long: a pod that fails for a minute fails in four scrapes in a
row, and four scrapes agree. So the lengths of such bursts are learnt from single pods of stable. A burst of the canary
may add the evidence of one event, and of one more each time it has lasted as long again as stable's bursts do. A steady
fault outlasts all of them and is found; where stable's pods have no bursts, nothing is held back.

Where pods are not told apart, times in which all of stable fails far more than usual count as such bursts.
"""

from collections.abc import Callable, Sequence
from math import log, sqrt
from typing import Final

from steps.judge.statistics.pod_rates import CountPair
from steps.judge.statistics.stable_history import StableHistory
from steps.model.evidence import Stratum

BURST_BAD: Final = 3
BURST_TIMES: Final = 4.0
"""A burst of the canary: so many bad requests in a stratum, and so many times what was to be expected of it."""

PATIENCE: Final = 2.0
"""A burst counts as one event until it has lasted so many times as long as stable's: few were seen, and their lengths
vary."""

EXCEPTIONAL: Final = 0.006
"""Bursts are exceptional up to this chance per stratum that a pod of the canary begins one, judged by stable's: one in
ten minutes of nine pods, and none yet of three."""

NEGLIGIBLE: Final = 0.02
"""Exceptional bursts are not held against the evidence while their chance since the canary's first request is below
this: a false alarm becomes likelier by no more than this, and a canary that is bad from its first request on is found
in spite of an incident of stable."""

_UNKNOWN_PODS: Final = 9
"""Number of stable's pods that is assumed where they are not told apart."""

_FAR: Final = 4.0
"""Standard deviations, and bad requests, above what was expected of a pod: not the chance of many pods and scrapes."""

_STILL_FAR: Final = 2
_STILL_TIMES: Final = 4.0
"""A burst that has begun goes on at so many bad requests and so many times what was expected."""

_OUTLASTS: Final = 2
"""Strata from which a burst is longer than what phi sees."""

_MANY_TIMES: Final = 10.0
"""The same in times stable's usual share where pods are not told apart: batches of bad requests look alike there."""


class BurstLengths:
    """Lengths of the bursts of stable's pods; add the strata in order of time.

    Attributes:
        raised: pods that had a burst of more than a stratum and still fail far more than their part; 0 stands for all
            of stable where pods are not told apart. A burst that goes on for minutes becomes the pod's usual rate, and
            so ends as a burst; it is still the same event.
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

        0 while none was longer than a stratum: phi covers those.
        """
        longest = self._longest
        return (self._squares + longest * longest) / (self._lengths + longest) if longest > 1 else 0.0

    def hazard(self, pods: int) -> float:
        """Return the chance per stratum that a pod begins a burst, of `pods` that were seen (1 or less: unknown).

        Counts one more than was seen, since few were.
        """
        return (self.events + 1.0) / (max(1, self._strata) * (pods if pods > 1 else _UNKNOWN_PODS))

    def add(self, pods: Sequence[CountPair], everything: int, loads: Sequence[float], usual: float) -> None:
        """Add stable's pods of one stratum.

        Args:
            pods: counts by pod.
            everything: bad requests of all pods.
            loads: expected parts of the pods by their traffic and usual rates, relative to each other.
            usual: stable's bad share so far (0-1).
        """
        self._strata += 1
        quiet = self.quiet
        least = _FAR if quiet else _STILL_FAR - 1
        # Nearly all strata end here: no pod has enough bad requests to begin a burst or to go on with one.
        if everything <= least or max([bad for _, bad in pods]) <= least:
            if not quiet:
                self._running, self.raised = [], set()
            return
        whole, requests = sum(loads), sum([total for total, _ in pods])

        def bursts(index: int, running: int) -> bool:
            """Compare a pod with what the other pods let one expect of it, by its usual rate."""
            bad, load = pods[index][1], loads[index]
            if bad <= least or whole <= load:
                return False
            expected = max(usual, (everything - bad) / (whole - load)) * load
            if running:
                return bad >= _STILL_TIMES * expected
            return bad > _FAR and bad >= expected + _FAR * (1.0 + sqrt(expected))

        def fails(index: int) -> bool:
            """Compare a pod with the others by requests alone: its usual rate may have learnt the burst."""
            total, bad = pods[index]
            share = max(usual, (everything - bad) / (requests - total)) if requests > total else usual
            return bad > least and bad >= _STILL_TIMES * share * total

        self._update(len(pods), bursts, fails)

    def add_whole(self, total: int, bad: int, usual: float) -> None:
        """Add a stratum of a stable whose pods are not told apart; `usual` is its bad share (0-1) at other times."""
        self._strata += 1

        def bursts(_: int, running: int) -> bool:
            least, times = (_STILL_FAR, _STILL_TIMES) if running else (_FAR + 1, _MANY_TIMES)
            return bad >= least and bad >= times * usual * total

        self._update(1, bursts, lambda index: bursts(index, 1))

    def _update(self, count: int, bursts: Callable[[int, int], bool], fails: Callable[[int], bool]) -> None:
        before, now = self._running, [0] * count
        raised = {i for i in self.raised if i < count and fails(i)}
        for i in range(count):
            length = before[i] if i < len(before) else 0
            if bursts(i, length):
                now[i] = length = length + 1
                # Sums of the lengths and of their squares, kept up to date while bursts still run: n^2 grows by 2n - 1.
                self._lengths += 1
                self._squares += 2 * length - 1
                self._longest = max(self._longest, length)
                if length == _OUTLASTS:
                    self.events += i not in raised
                    raised.add(i)
        self._running, self.raised = now if any(now) else [], raised


class BurstLimit:
    """The canary's present burst, and the evidence that its strata have added so far, by gain."""

    def __init__(self, gains: int) -> None:
        self._used = [0.0] * gains
        self._strata = 0

    def limit(self, logs: list[float], stratum: Stratum, history: StableHistory, exposed: int) -> list[float]:
        """Cut what one more stratum would add beyond the worth of the burst's events so far.

        Args:
            logs: what the stratum would add, by gain.
            stratum: the counts.
            history: stable's history before it.
            exposed: strata since the canary's first request, this one included.
        """
        chance = history.burst_hazard * exposed
        if not history.burst_length or not _is_burst(stratum) or chance <= NEGLIGIBLE:
            if self._strata:
                self._used, self._strata = [0.0] * len(logs), 0
            return logs
        self._strata += 1
        events = max(1.0, self._strata / (PATIENCE * history.burst_length))
        allowed = events * max(event_worth(stratum), -log(chance))
        logs = [min(value, allowed - used) for value, used in zip(logs, self._used, strict=True)]
        self._used = [used + value for value, used in zip(logs, self._used, strict=True)]
        return logs


def _is_burst(stratum: Stratum) -> bool:
    """Return whether the canary fails far more than stable; without requests of stable nothing shows a burst."""
    canary, stable = stratum.canary, stratum.stable
    if not stable.total or canary.bad < BURST_BAD:
        return False
    return canary.bad >= BURST_TIMES * canary.total * stable.bad / stable.total


def event_worth(stratum: Stratum) -> float:
    """Return the evidence (ln) of one event: it hits the canary by its part of the requests, or of the pods if more."""
    part = stratum.canary.total / (stratum.canary.total + stratum.stable.total)
    if not stratum.stable_pods:
        return -log(part)
    pods = sum(1 for pod in stratum.stable_pods if pod.total)
    return -log(max(part, 1.0 / (1.0 + max(pods, 1))))
