"""From raw counters to exact increases: each event once, at the scrape that showed it first.

Prometheus' own increase() extrapolates, and loses the first value of a new series, which is where a fresh canary's
first errors are. So counters are differenced here, by these rules:

- value below the previous one: the counter was reset, the new value is the increase, unless no reset can have left so
  much (see `falls`): then it is a sum that lost a part, and its increase cannot be told;
- first sample of a series whose target was scraped before without it: born in between, previous = 0;
- first sample of a target that nobody saw before: `newborn` decides, else it cannot be told: dropped and counted;
- a scrape that is missing: the increase belongs to the scrape that shows it, however late.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from steps.evidence.counters.counter_resets import Drop, classify_drop, is_recovered_part, predates_first_sample
from steps.evidence.prometheus_api.samples import RawSeries, ScrapeTarget, SeriesKey, target_of
from steps.model.evidence import Arm

Slot = tuple[Arm | None, int]
"""What a series counts: an arm (None: nobody can tell whose), and a class of requests which the metric numbers."""

_MARGIN_SECONDS: Final = 1.0
Classify = Callable[[RawSeries], Slot | None]


@dataclass(slots=True)
class _Last:
    at: float
    value: float
    lost: float = 0.0


@dataclass(slots=True)
class _Book:
    """What is known of one scraper: its series, its newest scrape, and the most it brought in a second.

    `born` is what its first scrape brought, where its counters were known to begin at 0 then.
    """

    keys: set[SeriesKey] = field(default_factory=set)
    at: float = -inf
    busiest: float | None = None
    born: float | None = None

    def usual(self, at: float) -> float | None:
        """Give the most that a scrape at this time can be expected to bring; None where that is not known."""
        if self.busiest is None or at <= self.at:
            return self.born
        return self.busiest * (at - self.at)

    def scraped(self, at: float, total: float) -> None:
        """Take note of a scrape that brought so many."""
        if at > self.at > -inf:
            self.busiest = max(self.busiest or 0.0, total / (at - self.at))
        elif total:
            self.born = (self.born or 0.0) + total
        self.at = max(self.at, at)


class CounterDeltas:
    """Increases by scraper, scrape and slot; fed with overlapping answers in any order of series.

    Args:
        classify: tells the slot of a series, or None to leave it out (its scrapes still count as the target's).
        newborn: tells whether a series of a target that was never seen before began at 0.
        resets: a falling value may be a restarted counter; False for sums of counters, whose fall tells nothing.
        ends: tells the time after which a series counts for nobody, unix seconds.

    Attributes:
        cells: increases by scraper, time of the scrape and slot.
        sums: scrapers whose series are known to be sums; it may be added to.
        dropped: increases that could not be told.
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
        self._last: dict[SeriesKey, _Last] = {}
        self._books: dict[ScrapeTarget, _Book] = {}
        self._first_scrapes: dict[ScrapeTarget, float] = {}
        self.cells: dict[ScrapeTarget, dict[float, dict[Slot, float]]] = {}
        self.sums: set[ScrapeTarget] = set()
        self.dropped = 0

    @property
    def newest(self) -> float:
        """Time of the newest sample, or 0."""
        return max((max(cells) for cells in self.cells.values() if cells), default=0.0)

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

    def feed(self, answer: Iterable[RawSeries], since: float) -> None:
        """Take in an answer whose range began at `since` (unix seconds): what it lacks after that was not there."""
        waiting: dict[ScrapeTarget, dict[float, list[tuple[RawSeries, SeriesKey, float]]]] = {}
        for series in answer:
            scraper, key = series.scraper, series.key
            self._note(scraper, series)
            last = self._last.get(key)
            new = waiting.setdefault(scraper, {})
            for at, value in series.samples:
                if last is None or at > last.at:
                    new.setdefault(at, []).append((series, key, value))
        for scraper, scrapes in waiting.items():
            for at in sorted(scrapes):
                self._scrape(scraper, at, scrapes[at], since)

    def _note(self, scraper: ScrapeTarget, series: RawSeries) -> None:
        self._books.setdefault(scraper, _Book()).keys.add(series.key)
        cells = self.cells.setdefault(scraper, {})
        for at, _ in series.samples:
            cells.setdefault(at, {})
        if series.samples:
            target, first = target_of(scraper), series.samples[0][0]
            self._first_scrapes[target] = min(first, self._first_scrapes.get(target, inf))

    def _scrape(
        self, scraper: ScrapeTarget, at: float, found: Sequence[tuple[RawSeries, SeriesKey, float]], since: float
    ) -> None:
        """Count what one scrape shows."""
        book, total = self._books[scraper], 0.0
        usual, fall = book.usual(at), self._fall(scraper, at, found)
        for series, key, value in found:
            last = self._last.get(key)
            if last is None:
                increase = self._first(series, scraper, at, value, usual, since)
                self._last[key] = _Last(at, value)
            else:
                increase = self._next(last, scraper, value, usual, fall)
                last.at = at
            total += increase or 0.0
            self._enter(series, scraper, at, increase)
        book.scraped(at, total)

    def _enter(self, series: RawSeries, scraper: ScrapeTarget, at: float, increase: float | None) -> None:
        slot = self._classify(series)
        if slot is None or at > self._ends(series):
            return
        if increase is None:
            self.dropped += 1
        elif increase:
            cell = self.cells[scraper][at]
            cell[slot] = cell.get(slot, 0.0) + increase

    def _first(
        self, series: RawSeries, scraper: ScrapeTarget, at: float, value: float, usual: float | None, since: float
    ) -> float | None:
        """Give the increase of a series' first sample, or None if it cannot be told."""
        if self._first_scrapes[target_of(scraper)] < at:
            return None if scraper in self.sums and predates_first_sample(value, usual) else value
        return value if self._newborn(series) and at > since + _MARGIN_SECONDS else None

    def _next(
        self, last: _Last, scraper: ScrapeTarget, value: float, usual: float | None, fall: Drop | None
    ) -> float | None:
        """Give the increase of a later sample, or None if it cannot be told; what is known of the series follows."""
        previous = last.value
        if value >= previous:
            last.value = value
            if last.lost and is_recovered_part(value - previous, usual):
                last.lost = 0.0
                return None
            return value - previous
        if fall is Drop.SLIGHT:
            return None
        last.value = value
        if fall is Drop.RESTART:
            return value
        last.lost += previous - value
        self.sums.add(scraper)
        return None

    def _fall(
        self, scraper: ScrapeTarget, at: float, found: Sequence[tuple[RawSeries, SeriesKey, float]]
    ) -> Drop | None:
        """Read the fall of a scraper's series at a scrape; None where nothing fell."""
        pairs = [(last.value, value) for _, key, value in found if (last := self._last.get(key)) and value < last.value]
        if not pairs:
            return None
        book = self._books[scraper]
        usual = book.usual(at)
        before, after = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        before += self._vanished(book, {key for _, key, _ in found})
        read = classify_drop(before, after, usual)
        if self._resets and scraper not in self.sums:
            return read
        return Drop.SLIGHT if read is Drop.SLIGHT and self._resets else Drop.LOSS

    def _vanished(self, book: _Book, present: set[SeriesKey]) -> float:
        """Give the last values of series that were in the scrape before this one, and are gone."""
        gone = (self._last[key] for key in book.keys - present if key in self._last)
        return sum(last.value for last in gone if last.at >= book.at)
