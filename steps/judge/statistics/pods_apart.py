"""Stable's history where pods are counted by their own proxies, and the arms by somebody else's (a gateway's).

The pods tell what a pod's own bad minutes look like, as long as they see the failures that the gateway sees. They do
not see connections that nobody accepted, and answers that the gateway gave itself. So both histories are kept: by pods,
and by the sums of stable that the arms are compared by. The pods' counts while they explain most of stable's failures.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from steps.judge.statistics.history_tracker import HistoryTracker
from steps.judge.statistics.stable_history import StableHistory
from steps.model.evidence import Counts, Stratum

_UNEXPLAINED: Final = 0.5
_FEW: Final = 6
"""The pods explain stable's failures until they miss more than this part of them, and more than this many."""

_SAMPLE: Final = 8
"""Strata that are compared."""


class PodsApart:
    """Running history; the same interface as `HistoryTracker`."""

    def __init__(self, usual: float) -> None:
        self._by_pod, self._whole = HistoryTracker(), HistoryTracker(usual)
        self._missed = self._bad = 0

    @property
    def phi(self) -> float:
        """Overdispersion by the strata added so far, >= 1."""
        return self.history.phi

    @property
    def history(self) -> StableHistory:
        """All that the strata added so far say."""
        is_explained = self._missed <= max(_FEW, _UNEXPLAINED * self._bad)
        return self._by_pod.history if is_explained else self._whole.history

    def add(self, stratum: Stratum) -> None:
        """Add the stable arm of one stratum."""
        own = pods_together(stratum)
        self._bad += stratum.stable.bad
        self._missed += stratum.stable.bad - own.bad
        self._by_pod.add(replace(stratum, stable=own))
        self._whole.add(replace(stratum, stable_pods=()))


def pods_together(stratum: Stratum) -> Counts:
    """Return the sum of stable's pods."""
    return Counts(sum(pod.total for pod in stratum.stable_pods), sum(pod.bad for pod in stratum.stable_pods))


def are_apart(strata: Sequence[Stratum]) -> bool:
    """Return whether the pods are counted by other proxies than stable is: then their sums differ at once."""
    first = islice((stratum for stratum in strata if stratum.stable.total), _SAMPLE)
    return any(stratum.stable_pods and pods_together(stratum) != stratum.stable for stratum in first)
