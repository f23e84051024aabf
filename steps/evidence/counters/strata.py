"""Strata of both arms from increases: which slots are all requests, which are bad, and which pods are stable's."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.scrape_alignment import ScrapeWindow
from steps.evidence.prometheus_api.samples import ScrapeTarget
from steps.model.evidence import Arm, Counts, Stratum

Increases = Mapping[ScrapeTarget, Mapping[float, Mapping[Slot, float]]]
"""Increases by target, time of the scrape (unix seconds) and slot."""


@dataclass(frozen=True, slots=True)
class BadRatio:
    """What counts as bad: total = sum of `whole`, bad = sum of `bad` minus sum of `good`; all are slot numbers.

    Attributes:
        unattributed: slot numbers of the bad requests that may be of either arm: first those of the application, then
            those that name no service; () = this metric has none.
    """

    whole: tuple[int, ...]
    bad: tuple[int, ...]
    good: tuple[int, ...] = ()
    unattributed: tuple[int, ...] = ()


def build_strata(
    increases: Increases,
    windows: Sequence[ScrapeWindow],
    ratio: BadRatio,
    started: float,
    pods: Collection[ScrapeTarget],
) -> tuple[Stratum, ...]:
    """Return one stratum per window; `pods` are stable's, whose counts are kept apart (none = unknown).

    Windows that ended before the run `started` are stable's history: what the canary's name counted then belongs to
    an earlier run, and is left out.
    """
    ordered = sorted(pods)
    return tuple(_stratum(increases, window, ratio, ordered, history=window.end <= started) for window in windows)


def count_events(increases: Increases, windows: Sequence[ScrapeWindow], slot: Slot, since: float) -> int:
    """Count the events of one slot after `since`."""
    found = (
        increases[target][at].get(slot, 0.0)
        for window in windows
        if window.end > since
        for target, at in window.scrapes
    )
    return round(sum(found))


def _stratum(
    increases: Increases, window: ScrapeWindow, ratio: BadRatio, pods: Sequence[ScrapeTarget], *, history: bool
) -> Stratum:
    found = [(target, increases[target][at]) for target, at in window.scrapes]
    stable = _counts((slots for _, slots in found), Arm.STABLE, ratio)
    canary = Counts(0, 0) if history else _counts((slots for _, slots in found), Arm.CANARY, ratio)
    # A pod may be scraped several times in one window; pods without scrapes count 0.
    by_pod: dict[ScrapeTarget, list[Mapping[Slot, float]]] = {}
    for target, slots in found if pods else ():
        by_pod.setdefault(target, []).append(slots)
    split = tuple(_counts(by_pod.get(pod, ()), Arm.STABLE, ratio) for pod in pods)
    unattributed = [round(sum(slots.get((None, slot), 0.0) for _, slots in found)) for slot in ratio.unattributed]
    return Stratum(window.start, window.end, stable, canary, split, sum(unattributed), sum(unattributed[1:]))


def _counts(found: Iterable[Mapping[Slot, float]], arm: Arm, ratio: BadRatio) -> Counts:
    total = bad = 0.0
    for slots in found:
        total += sum(slots.get((arm, number), 0.0) for number in ratio.whole)
        bad += sum(slots.get((arm, number), 0.0) for number in ratio.bad)
        bad -= sum(slots.get((arm, number), 0.0) for number in ratio.good)
    whole = max(0, round(total))
    return Counts(whole, min(max(0, round(bad)), whole))


def stable_targets(increases: Increases) -> list[ScrapeTarget]:
    """Return the targets that counted for stable at any time, in a fixed order."""
    return sorted(
        target
        for target, scrapes in increases.items()
        if any(arm is Arm.STABLE for slots in scrapes.values() for arm, _ in slots)
    )
