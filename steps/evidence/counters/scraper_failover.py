"""Which of several scrapers of the same counters counts, and what is counted by target then.

One of them is chosen and kept. If it falls silent while another goes on, the other counts from then on: its first
scrape after the last one of the silent scraper is left out, since it may hold what that one counted.
"""

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import Final

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.scrape_alignment import scrape_interval
from steps.evidence.prometheus_api.samples import ScrapeTarget, target_of

ScrapeIncreases = Mapping[float, Mapping[Slot, float]]
ScraperTimeline = tuple[tuple[ScrapeTarget, float], ...]
"""Scrapers with the time from which each counts, in order of time."""

_SILENT: Final = 4
"""Scrape intervals after which a scraper is silent, if another one goes on."""


class ScraperFailover:
    """Remembers which scraper counts, for each group of scrapers that read the same counters."""

    def __init__(self) -> None:
        self._chosen: dict[ScrapeTarget, ScraperTimeline] = {}

    def view(
        self, cells: Mapping[ScrapeTarget, ScrapeIncreases], groups: Sequence[Collection[ScrapeTarget]]
    ) -> dict[ScrapeTarget, ScrapeIncreases]:
        """Give the cells by target, each event once.

        Args:
            cells: increases by scraper, time and slot.
            groups: scrapers that read the same counters; those in no group stand for themselves.
        """
        doubled = {scraper for group in groups for scraper in group}
        found: dict[ScrapeTarget, ScrapeIncreases] = {}
        for scraper, own in cells.items():
            if scraper not in doubled:
                _add(found, target_of(scraper), own)
        for group in groups:
            timeline = self._timeline(group, cells)
            _add(found, target_of(timeline[0][0]), _along(timeline, cells))
        return found

    def _timeline(
        self, group: Collection[ScrapeTarget], cells: Mapping[ScrapeTarget, ScrapeIncreases]
    ) -> ScraperTimeline:
        known = [self._chosen[one] for one in sorted(group) if one in self._chosen]
        usable = [timeline for timeline in known if {scraper for scraper, _ in timeline} <= set(group)]
        first = max(sorted(group), key=lambda scraper: len(cells[scraper]))
        timeline = _continued(usable[0] if usable else ((first, -inf),), group, cells)
        for scraper in group:
            self._chosen[scraper] = timeline
        return timeline


def _continued(
    timeline: ScraperTimeline, group: Collection[ScrapeTarget], cells: Mapping[ScrapeTarget, ScrapeIncreases]
) -> ScraperTimeline:
    """Add the scraper that goes on, where the present one fell silent."""
    newest = {scraper: max(cells[scraper], default=-inf) for scraper in group}
    present, best = timeline[-1][0], max(sorted(group), key=lambda scraper: newest[scraper])
    interval = scrape_interval({present: cells[present]}) or scrape_interval({best: cells[best]})
    if interval and newest[best] - newest[present] > _SILENT * interval:
        return (*timeline, (best, newest[present]))
    return timeline


def _along(timeline: ScraperTimeline, cells: Mapping[ScrapeTarget, ScrapeIncreases]) -> ScrapeIncreases:
    """Give the cells of a timeline: of each scraper those from its time on, until the next one's."""
    found: dict[float, Mapping[Slot, float]] = {}
    for (scraper, since), (_, until) in zip(timeline, [*timeline[1:], (None, inf)], strict=True):
        later = sorted(at for at in cells[scraper] if since < at <= until)
        for at in later if since == -inf else later[1:]:
            found[at] = cells[scraper][at]
    return found


def _add(found: dict[ScrapeTarget, ScrapeIncreases], target: ScrapeTarget, cells: ScrapeIncreases) -> None:
    """Add cells to a target's: labels of its own may make one target look like several scrapers."""
    if target not in found:
        found[target] = cells
        return
    whole: dict[float, Mapping[Slot, float]] = dict(found[target])
    for at, slots in cells.items():
        before = whole.get(at)
        whole[at] = slots if before is None else _sum(before, slots)
    found[target] = whole


def _sum(one: Mapping[Slot, float], other: Mapping[Slot, float]) -> dict[Slot, float]:
    return {slot: one.get(slot, 0.0) + other.get(slot, 0.0) for slot in {*one, *other}}
