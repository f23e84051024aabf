"""Scrapes of one or many targets, aligned in time: each scrape falls into one window as long as a scrape interval."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor
from statistics import median
from typing import Final

from steps.evidence.prometheus_api.samples import ScrapeTarget

_EXPECTED_WINDOWS: Final = 3
"""A window waits for a target that reported in one of this many windows before it."""


@dataclass(frozen=True, slots=True)
class ScrapeWindow:
    """One interval (start, end] with its scrapes."""

    start: float
    end: float
    scrapes: tuple[tuple[ScrapeTarget, float], ...]


def scrape_interval(scrapes: Mapping[ScrapeTarget, Iterable[float]]) -> float:
    """Return the scrape interval in seconds: the median distance of a target's scrapes; 0 while it has none."""
    distances = []
    for times in scrapes.values():
        ordered = sorted(times)
        distances += [after - before for before, after in pairwise(ordered)]
    return median(distances) if distances else 0.0


def closed_windows(scrapes: Mapping[ScrapeTarget, Sequence[float]], now: float) -> list[ScrapeWindow]:
    """Cut time into closed windows, oldest first.

    One target: each pair of scrapes is a window. Many: a common grid of one interval, cut where no target is scraped. A
    window is closed once every target that reported recently has reported in it, or one interval after its end (by
    `now`).
    """
    interval = scrape_interval(scrapes)
    if not interval:
        return []
    if len(scrapes) == 1:
        ((target, times),) = scrapes.items()
        ordered = sorted(times)
        pairs = pairwise(ordered)
        return [ScrapeWindow(before, after, ((target, after),)) for before, after in pairs]
    return _common(scrapes, interval, now)


def _common(scrapes: Mapping[ScrapeTarget, Sequence[float]], interval: float, now: float) -> list[ScrapeWindow]:
    origin = _origin(scrapes, interval)
    found: dict[int, list[tuple[ScrapeTarget, float]]] = {}
    for target, times in scrapes.items():
        for at in times:
            found.setdefault(floor((at - origin) / interval), []).append((target, at))
    # Oldest first, up to the first window that still waits for a target.
    numbers = sorted(found)
    closed = []
    for number in numbers:
        end = origin + (number + 1) * interval
        if now < end + interval and not _complete(found, number):
            break
        closed.append(ScrapeWindow(end - interval, end, tuple(found[number])))
    # The first window has no scrape before it, so its increases are unknown.
    return closed[1:] if closed else []


def _complete(found: Mapping[int, Sequence[tuple[ScrapeTarget, float]]], number: int) -> bool:
    lately = range(number - _EXPECTED_WINDOWS, number)
    expected = {target for near in lately for target, _ in found.get(near, ())}
    return bool(expected) and expected <= {target for target, _ in found[number]}


def _origin(scrapes: Mapping[ScrapeTarget, Sequence[float]], interval: float) -> float:
    """Cut in the middle of the largest gap between the targets' phases, so that no target straddles the cut."""
    phases = sorted(max(times) % interval for times in scrapes.values() if times)
    gaps = [
        ((after - before) % interval or interval, before)
        for before, after in zip(phases, [*phases[1:], phases[0] + interval], strict=True)
    ]
    gap, before = max(gaps)
    base = min(min(times) for times in scrapes.values() if times)
    offset = (before + gap / 2) % interval
    return floor(base / interval) * interval + offset - interval
