"""Strata of both arms from increases: which slots are all requests, which are bad, and which pods are stable's."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.scrape_alignment import ScrapeWindow
from steps.evidence.prometheus_api.samples import ScrapeTarget
from steps.model.evidence import Arm, Counts, Stratum

Increases = Mapping[ScrapeTarget, Mapping[float, Mapping[Slot, float]]]
"""Increases by target, time of the scrape (unix seconds) and slot."""

PodIncreases = Sequence[Sequence[Mapping[Slot, float]]]
"""Increases of one window by pod, in a fixed order of pods, and by scrape: a pod may have several in one window."""


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
    pods: Sequence[PodIncreases],
) -> tuple[Stratum, ...]:
    """Return one stratum per window; `pods` are stable's in each window, whose counts are kept apart.

    Windows that ended before the run `started` are stable's history: what the canary's name counted then belongs to
    an earlier run, and is left out.
    """
    return tuple(
        _stratum(increases, window, ratio, split, history=window.end <= started)
        for window, split in zip(windows, pods, strict=True)
    )


def split_by_pod(
    increases: Increases, windows: Sequence[ScrapeWindow], pods: Iterable[ScrapeTarget]
) -> list[PodIncreases]:
    """Return the increases of each pod in each window, by the time of its scrapes; pods without scrapes have none."""
    columns = [_column(increases.get(pod, {}), windows) for pod in sorted(pods)]
    return [[column[index] for column in columns] for index in range(len(windows))]


def _column(scrapes: Mapping[float, Mapping[Slot, float]], windows: Sequence[ScrapeWindow]) -> PodIncreases:
    times = sorted(scrapes)
    found = []
    for window in windows:
        low, high = bisect_right(times, window.start), bisect_right(times, window.end)
        found.append([scrapes[at] for at in times[low:high]])
    return found


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
    increases: Increases, window: ScrapeWindow, ratio: BadRatio, pods: PodIncreases, *, history: bool
) -> Stratum:
    found = [increases[target][at] for target, at in window.scrapes]
    stable = _counts(found, Arm.STABLE, ratio)
    canary = Counts(0, 0) if history else _counts(found, Arm.CANARY, ratio)
    split = tuple(_counts(scrapes, Arm.STABLE, ratio) for scrapes in pods)
    unattributed = [round(sum(slots.get((None, slot), 0.0) for slots in found)) for slot in ratio.unattributed]
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
