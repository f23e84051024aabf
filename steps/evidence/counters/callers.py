"""Requests by caller: only callers that meet both arms say something about their difference.

A caller that bypasses the weighted route only ever reaches stable, and may fail more or less often than the users do.
So stable's counts without it are compared, where the label of the caller's workload exists. Which callers count depends
on their numbers of requests, not on how these were answered.
"""

from collections.abc import Callable, Mapping
from typing import Final

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.strata import Increases
from steps.evidence.prometheus_api.samples import RawSeries
from steps.model.evidence import Arm

_STRIDE: Final = 1000
"""A slot of caller k has the number of its class of requests plus k times this; classes have smaller numbers."""

_MOST: Final = 100
"""Callers that are told apart; the rest counts as one."""

_SHOWN: Final = 3
Caller = tuple[str, str]
Classify = Callable[[RawSeries], Slot | None]


class Callers:
    """Tells callers apart in the slots of an arm's series.

    Args:
        classify: returns the slot of a series without a caller.

    Attributes:
        left_out: callers that reach one arm only, as of the last `together`.
    """

    def __init__(self, classify: Classify) -> None:
        self._classify = classify
        self._numbers: dict[Caller, int] = {}
        self.left_out: tuple[Caller, ...] = ()

    def classify(self, series: RawSeries) -> Slot | None:
        """Return the slot of a series, its number raised by its caller's."""
        slot = self._classify(series)
        if slot is None or slot[0] is None:
            return slot
        caller = series.labels.get("source_workload", ""), series.labels.get("source_workload_namespace", "")
        number = self._numbers.setdefault(caller, min(len(self._numbers), _MOST))
        return slot[0], slot[1] + _STRIDE * number

    def together(self, increases: Increases, started: float) -> Increases:
        """Return the increases by plain slots, without callers that reach one arm only.

        All callers count while none meets both arms, as before the canary's first request.

        Args:
            increases: by target, time and slot.
            started: when the run began, unix seconds: what the canary's name counted before belongs to another run.
        """
        if len(self._numbers) < 2:  # noqa: PLR2004 - one caller, or none that is named: its slots are plain
            return increases
        met = _met(increases, started)
        both = {number for number, arms in met.items() if len(arms) == len(Arm)}
        kept = both or set(met)
        self.left_out = tuple(caller for caller, number in self._numbers.items() if number in set(met) - kept)
        return {
            target: {at: _plain(slots, kept) for at, slots in scrapes.items()} for target, scrapes in increases.items()
        }

    def notes(self, metric: str) -> list[str]:
        """Return the sentence about callers that are left out."""
        if not self.left_out:
            return []
        names = ", ".join(sorted(".".join(filter(None, caller)) or "unnamed" for caller in self.left_out)[:_SHOWN])
        more = f" and {len(self.left_out) - _SHOWN} more" if len(self.left_out) > _SHOWN else ""
        which = f"{metric}: requests of {names}{more} reach one arm only"
        return [f"{which} (they bypass the weighted route), so they are not compared"]


def _met(increases: Increases, started: float) -> Mapping[int, set[Arm]]:
    """Return the arms that each caller sent requests to."""
    found: dict[int, set[Arm]] = {}
    for scrapes in increases.values():
        for at, slots in scrapes.items():
            for (arm, number), count in slots.items():
                if arm is not None and count > 0 and (arm is Arm.STABLE or at > started):
                    found.setdefault(number // _STRIDE, set()).add(arm)
    return found


def _plain(slots: Mapping[Slot, float], kept: set[int]) -> Mapping[Slot, float]:
    found: dict[Slot, float] = {}
    for (arm, number), count in slots.items():
        if arm is None:
            found[arm, number] = found.get((arm, number), 0.0) + count
        elif number // _STRIDE in kept:
            slot = arm, number % _STRIDE
            found[slot] = found.get(slot, 0.0) + count
    return found
