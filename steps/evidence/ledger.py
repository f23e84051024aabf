"""From raw counters to exact increases: each event once, at the scrape that showed it first.

Prometheus' own increase() extrapolates, and loses the first value of a new series, which is where a fresh canary's
first errors are. So counters are differenced here, by these rules:

- value below the previous one: the counter was reset, the new value is the increase;
- first sample of a series whose target was scraped before without it: born in between, previous = 0;
- first sample of a target that nobody saw before: `newborn` decides, else it cannot be told: dropped and counted;
- a scrape that is missing: the increase belongs to the scrape that shows it, however late.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Final

from steps.evidence.samples import Key, RawSeries, Target
from steps.model.evidence import Arm

Slot = tuple[Arm, int]
"""What a series counts: an arm, and a class of requests which the metric numbers."""

_MARGIN_SECONDS: Final = 1.0
Classify = Callable[[RawSeries], Slot | None]


@dataclass(slots=True)
class _Last:
    at: float
    value: float


class Ledger:
    """Increases by target, scrape and slot; fed with overlapping answers in any order of series.

    Args:
        classify: tells the slot of a series, or None to leave it out (its scrapes still count as the target's).
        newborn: tells whether a series of a target that was never seen before began at 0.
        resets: a falling value is a restarted counter; False for sums of counters, whose fall tells nothing.
        ends: tells the time after which a series counts for nobody, unix seconds.
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
        self._last: dict[Key, _Last] = {}
        self.cells: dict[Target, dict[float, dict[Slot, float]]] = {}
        self.dropped = 0

    @property
    def newest(self) -> float:
        """Time of the newest sample, or 0."""
        return max((max(cells) for cells in self.cells.values() if cells), default=0.0)

    @property
    def series(self) -> int:
        """Number of series seen so far."""
        return len(self._last)

    @property
    def keys(self) -> tuple[Key, ...]:
        """Identities of the series seen so far."""
        return tuple(self._last)

    def feed(self, answer: Iterable[RawSeries], since: float) -> None:
        """Take in an answer whose range began at `since` (unix seconds): what it lacks after that was not there."""
        known = list(answer)
        for series in known:
            cells = self.cells.setdefault(series.target, {})
            for at, _ in series.samples:
                cells.setdefault(at, {})
        for series in known:
            self._count(series, since)

    def _count(self, series: RawSeries, since: float) -> None:
        slot, ends = self._classify(series), self._ends(series)
        cells, key = self.cells[series.target], series.key
        for at, value in series.samples:
            last = self._last.get(key)
            if last is not None and at <= last.at:
                continue
            increase = self._first(series, at, value, since) if last is None else self._next(last.value, value)
            self._last[key] = _Last(at, value)
            if slot is None or at > ends:
                continue
            if increase is None:
                self.dropped += 1
            elif increase:
                cell = cells[at]
                cell[slot] = cell.get(slot, 0.0) + increase

    def _first(self, series: RawSeries, at: float, value: float, since: float) -> float | None:
        """Give the increase of a series' first sample, or None if it cannot be told."""
        if any(earlier < at for earlier in self.cells[series.target]):
            return value
        return value if self._newborn(series) and at > since + _MARGIN_SECONDS else None

    def _next(self, previous: float, value: float) -> float | None:
        if value >= previous:
            return value - previous
        return value if self._resets else None
