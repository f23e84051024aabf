"""From raw counters to exact increases: each event once, at the scrape that showed it first.

Prometheus' own increase() extrapolates, and loses the first value of a new series, which holds a new canary's first
errors. So counters are subtracted here, by these rules:

- a value below the previous one: the counter was reset and the new value is the increase, unless no reset can leave so
  much (see `counter_resets`): then it is a sum that lost a part, and its increase is unknown;
- the first sample of a series whose target was scraped before without it: it began in between, previous = 0;
- the first sample of a target that was never seen before: `newborn` decides; otherwise the increase is unknown, and
  counted as dropped;
- a missing scrape: the increase belongs to the scrape that shows it, however late.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from steps.evidence.counters.counter_resets import Drop, classify_drop, is_recovered_part, predates_first_sample
from steps.evidence.prometheus_api.samples import RawSeries, ScrapeTarget, SeriesKey, target_of
from steps.model.evidence import Arm

Slot = tuple[Arm | None, int]
"""What a series counts: an arm (None: unknown), and a class of requests, numbered by the metric."""

_MARGIN_SECONDS: Final = 1.0
Classify = Callable[[RawSeries], Slot | None]


@dataclass(slots=True)
class _LastSample:
    at: float
    value: float
    lost: float = 0.0


@dataclass(slots=True)
class _ScraperHistory:
    """What is known of one scraper: its series, its newest scrape, and the most it added in a second.

    `born` is what its first scrape added, if its counters are known to have begun at 0.
    """

    keys: set[SeriesKey] = field(default_factory=set)
    at: float = -inf
    busiest: float | None = None
    born: float | None = None

    def usual(self, at: float) -> float | None:
        """Return the most that a scrape at this time can be expected to add; None if that is unknown."""
        if self.busiest is None or at <= self.at:
            return self.born
        return self.busiest * (at - self.at)

    def scraped(self, at: float, total: float) -> None:
        """Remember a scrape that added so many."""
        if at > self.at > -inf:
            self.busiest = max(self.busiest or 0.0, total / (at - self.at))
        elif total:
            self.born = (self.born or 0.0) + total
        self.at = max(self.at, at)


class CounterDeltas:
    """Increases by scraper, scrape and slot; from overlapping responses, in any order of series.

    Args:
        classify: returns the slot of a series, or None to leave it out (its scrapes still count as the target's).
        newborn: returns whether a series of a target that was never seen before began at 0.
        resets: a dropping value may be a restarted counter; False for sums of counters, whose drop means nothing.
        ends: returns the time after which a series no longer counts, unix seconds.

    Attributes:
        increases: increases by scraper, time of the scrape and slot.
        sums: scrapers whose series are known to be sums; others may add to it.
        dropped: number of unknown increases.
    """

    def __init__(
        self,
        classify: Classify,
        newborn: Callable[[RawSeries], bool],
        *,
        resets: bool = True,
        ends: Callable[[RawSeries], float] = lambda _: inf,
    ) -> None:
        self._classify = classify
        self._newborn = newborn
        self._resets, self._ends = resets, ends
        self._last: dict[SeriesKey, _LastSample] = {}
        self._histories: dict[ScrapeTarget, _ScraperHistory] = {}
        self._first_scrapes: dict[ScrapeTarget, float] = {}
        self.increases: dict[ScrapeTarget, dict[float, dict[Slot, float]]] = {}
        self.sums: set[ScrapeTarget] = set()
        self.dropped = 0

    @property
    def newest(self) -> float:
        """Time of the newest sample, or 0."""
        return max((max(increases) for increases in self.increases.values() if increases), default=0.0)

    @property
    def oldest(self) -> float:
        """Time of the oldest sample, or infinity."""
        return min(self._first_scrapes.values(), default=inf)

    @property
    def series(self) -> int:
        """Number of series seen so far."""
        return len(self._last)

    @property
    def keys(self) -> tuple[SeriesKey, ...]:
        """Identities of the series seen so far."""
        return tuple(self._last)

    def add(self, answer: Iterable[RawSeries], since: float) -> None:
        """Count a response whose range began at `since` (unix seconds): series that it lacks did not exist then."""
        waiting: dict[ScrapeTarget, dict[float, list[tuple[RawSeries, SeriesKey, float]]]] = {}
        for series in answer:
            scraper, key = series.scraper, series.key
            self._register(scraper, series)
            last = self._last.get(key)
            new = waiting.setdefault(scraper, {})
            for at, value in series.samples:
                if last is None or at > last.at:
                    new.setdefault(at, []).append((series, key, value))
        for scraper, scrapes in waiting.items():
            for at in sorted(scrapes):
                self._scrape(scraper, at, scrapes[at], since)

    def _register(self, scraper: ScrapeTarget, series: RawSeries) -> None:
        self._histories.setdefault(scraper, _ScraperHistory()).keys.add(series.key)
        increases = self.increases.setdefault(scraper, {})
        for at, _ in series.samples:
            increases.setdefault(at, {})
        if series.samples:
            target, first = target_of(scraper), series.samples[0][0]
            self._first_scrapes[target] = min(first, self._first_scrapes.get(target, inf))

    def _scrape(
        self, scraper: ScrapeTarget, at: float, found: Sequence[tuple[RawSeries, SeriesKey, float]], since: float
    ) -> None:
        """Count what one scrape shows."""
        history, total = self._histories[scraper], 0.0
        # What dropped is read once for the whole scrape: a restart resets all series of a process together.
        usual, drop = history.usual(at), self._drop(scraper, at, found)
        for series, key, value in found:
            last = self._last.get(key)
            if last is None:
                increase = self._first(series, scraper, at, value, usual, since)
                self._last[key] = _LastSample(at, value)
            else:
                increase = self._next(last, scraper, value, usual, drop)
                last.at = at
            total += increase or 0.0
            self._count(series, scraper, at, increase)
        history.scraped(at, total)

    def _count(self, series: RawSeries, scraper: ScrapeTarget, at: float, increase: float | None) -> None:
        slot = self._classify(series)
        if slot is None or at > self._ends(series):
            return
        if increase is None:
            self.dropped += 1
        elif increase:
            slots = self.increases[scraper][at]
            slots[slot] = slots.get(slot, 0.0) + increase

    def _first(
        self, series: RawSeries, scraper: ScrapeTarget, at: float, value: float, usual: float | None, since: float
    ) -> float | None:
        """Return the increase of a series' first sample, None if it is unknown."""
        if self._first_scrapes[target_of(scraper)] < at:
            return None if scraper in self.sums and predates_first_sample(value, usual) else value
        return value if self._newborn(series) and at > since + _MARGIN_SECONDS else None

    def _next(
        self, last: _LastSample, scraper: ScrapeTarget, value: float, usual: float | None, drop: Drop | None
    ) -> float | None:
        """Return the increase of a later sample, None if it is unknown; update what is known of the series."""
        previous = last.value
        if value >= previous:
            last.value = value
            if last.lost and is_recovered_part(value - previous, usual):
                last.lost = 0.0
                return None
            return value - previous
        if drop is Drop.SLIGHT:
            return None
        last.value = value
        if drop is Drop.RESTART:
            return value
        last.lost += previous - value
        self.sums.add(scraper)
        return None

    def _drop(
        self, scraper: ScrapeTarget, at: float, found: Sequence[tuple[RawSeries, SeriesKey, float]]
    ) -> Drop | None:
        """Return what the drop of a scraper's series at a scrape means; None if nothing dropped."""
        pairs = [(last.value, value) for _, key, value in found if (last := self._last.get(key)) and value < last.value]
        if not pairs:
            return None
        history = self._histories[scraper]
        usual = history.usual(at)
        before, after = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        before += self._vanished(history, {key for _, key, _ in found})
        found_drop = classify_drop(before, after, usual)
        if self._resets and scraper not in self.sums:
            return found_drop
        return Drop.SLIGHT if found_drop is Drop.SLIGHT and self._resets else Drop.LOSS

    def _vanished(self, history: _ScraperHistory, present: set[SeriesKey]) -> float:
        """Return the sum of the last values of series that were in the previous scrape and are gone."""
        gone = (self._last[key] for key in history.keys - present if key in self._last)
        return sum(last.value for last in gone if last.at >= history.at)
