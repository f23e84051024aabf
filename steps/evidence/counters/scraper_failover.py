"""Which of several scrapers of the same counters counts, and what each target counted.

One scraper is chosen and kept. If it falls silent while another one continues, the other one takes over: its first
scrape after the last one of the silent scraper is left out, since it may hold requests that were counted already.
"""

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import Final

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.scrape_alignment import scrape_interval
from steps.evidence.prometheus_api.samples import ScrapeTarget, target_of

ScrapeIncreases = Mapping[float, Mapping[Slot, float]]
ScraperTimeline = tuple[tuple[ScrapeTarget, float], ...]
"""Scrapers, each with the time since which it counts, in order of time."""

_SILENT: Final = 4
"""Scrape intervals after which a scraper counts as silent, if another one continues."""


class ScraperFailover:
    """Remembers which scraper counts, for each group of scrapers that read the same counters."""

    def __init__(self) -> None:
        self._chosen: dict[ScrapeTarget, ScraperTimeline] = {}

    def by_target(
        self, increases: Mapping[ScrapeTarget, ScrapeIncreases], groups: Sequence[Collection[ScrapeTarget]]
    ) -> dict[ScrapeTarget, ScrapeIncreases]:
        """Return the increases by target, each event once.

        Args:
            increases: increases by scraper, time and slot.
            groups: scrapers that read the same counters; a scraper without a group counts by itself.
        """
        doubled = {scraper for group in groups for scraper in group}
        found: dict[ScrapeTarget, ScrapeIncreases] = {}
        for scraper, own in increases.items():
            if scraper not in doubled:
                _add(found, target_of(scraper), own)
        for group in groups:
            timeline = self._timeline(group, increases)
            _add(found, target_of(timeline[0][0]), _along(timeline, increases))
        return found

    def _timeline(
        self, group: Collection[ScrapeTarget], increases: Mapping[ScrapeTarget, ScrapeIncreases]
    ) -> ScraperTimeline:
        known = [self._chosen[one] for one in sorted(group) if one in self._chosen]
        usable = [timeline for timeline in known if {scraper for scraper, _ in timeline} <= set(group)]
        first = max(sorted(group), key=lambda scraper: len(increases[scraper]))
        timeline = _continued(usable[0] if usable else ((first, -inf),), group, increases)
        for scraper in group:
            self._chosen[scraper] = timeline
        return timeline


def _continued(
    timeline: ScraperTimeline, group: Collection[ScrapeTarget], increases: Mapping[ScrapeTarget, ScrapeIncreases]
) -> ScraperTimeline:
    """Add the scraper that continues, if the present one fell silent."""
    newest = {scraper: max(increases[scraper], default=-inf) for scraper in group}
    present, best = timeline[-1][0], max(sorted(group), key=lambda scraper: newest[scraper])
    interval = scrape_interval({present: increases[present]}) or scrape_interval({best: increases[best]})
    if interval and newest[best] - newest[present] > _SILENT * interval:
        return (*timeline, (best, newest[present]))
    return timeline


def _along(timeline: ScraperTimeline, increases: Mapping[ScrapeTarget, ScrapeIncreases]) -> ScrapeIncreases:
    """Return the increases of a timeline: those of each scraper since its time, until the next one's."""
    found: dict[float, Mapping[Slot, float]] = {}
    for (scraper, since), (_, until) in zip(timeline, [*timeline[1:], (None, inf)], strict=True):
        later = sorted(at for at in increases[scraper] if since < at <= until)
        for at in later if since == -inf else later[1:]:
            found[at] = increases[scraper][at]
    return found


def _add(found: dict[ScrapeTarget, ScrapeIncreases], target: ScrapeTarget, increases: ScrapeIncreases) -> None:
    """Add increases to a target's: labels of its own may make one target look like several scrapers."""
    if target not in found:
        found[target] = increases
        return
    whole: dict[float, Mapping[Slot, float]] = dict(found[target])
    for at, slots in increases.items():
        before = whole.get(at)
        whole[at] = slots if before is None else _sum(before, slots)
    found[target] = whole


def _sum(one: Mapping[Slot, float], other: Mapping[Slot, float]) -> dict[Slot, float]:
    return {slot: one.get(slot, 0.0) + other.get(slot, 0.0) for slot in {*one, *other}}
