"""Counters that two jobs or two Prometheus servers scrape count once.

Two scrapers read the same counters if their labels name the same proxy and their values interleave: each value of one
lies between the neighbouring values of the other. Two containers of one pod have separate counters, whose values do not
interleave: they are added up.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from steps.evidence.counters.proxy_identity import are_replicas, host_of, may_be_same_proxy, pod_of
from steps.evidence.prometheus_api.samples import (
    SCRAPER_LABELS,
    TARGET_LABELS,
    RawSeries,
    ScrapeTarget,
    SeriesKey,
    target_of,
)

_PROOFS: Final = 3
"""Values that must interleave before two targets of one host count as the same, if no label names their pods."""

_SLACK: Final = 0.1
"""Part of the time between two scrapes by which the clocks of two servers may differ."""

_ODD: Final = 0.05
"""Part of the values that need not interleave: a restart between two scrapes, while counters are small."""

_SCRAPE: Final = frozenset({*TARGET_LABELS, *SCRAPER_LABELS})
Pair = tuple[ScrapeTarget, ScrapeTarget]
Samples = Sequence[tuple[float, float]]


@dataclass(slots=True)
class _Agreement:
    """What the values of two scrapers have shown so far: how many interleave, and how many do not."""

    right: int = 0
    wrong: int = 0
    shared: bool = False
    apart: bool = False

    @property
    def differ(self) -> bool:
        return self.apart or self.wrong > _ODD * (self.right + self.wrong)


class DuplicateScrapes:
    """Finds scrapers that read the same counters.

    Args:
        own_labels: the metric is an application's own: its series may have labels with the names of a scraper's labels.
        coarse: the samples are taken at fixed times, so each may be older than its time says, by one step.
    """

    def __init__(self, *, own_labels: bool = False, coarse: bool = False) -> None:
        self._own_labels, self._coarse = own_labels, coarse
        self._known: set[ScrapeTarget] = set()
        self._by_name: dict[tuple[str, str], list[ScrapeTarget]] = {}
        self._pairs: dict[Pair, _Agreement] = {}

    def add(self, answer: Iterable[RawSeries]) -> None:
        """Compare the values of one response."""
        series: dict[ScrapeTarget, list[RawSeries]] = {}
        for one in answer:
            if one.samples:
                series.setdefault(one.scraper, []).append(one)
        for scraper in series:
            self._pair_with_known(scraper)
        for pair, compared in self._pairs.items():
            if pair[0] in series and pair[1] in series and not compared.apart:
                self._compare(compared, pair, series[pair[0]], series[pair[1]])

    def _pair_with_known(self, scraper: ScrapeTarget) -> None:
        """Pair a new scraper with those that may read the same proxy."""
        if scraper in self._known:
            return
        self._known.add(scraper)
        labels = dict(scraper)
        for name in (("pod", pod_of(labels)), ("host", host_of(labels))):
            others = self._by_name.setdefault(name, [])
            for other in others:
                if may_be_same_proxy(scraper, other):
                    self._pairs.setdefault((min(scraper, other), max(scraper, other)), _Agreement())
            others.append(scraper)

    def groups(self) -> list[set[ScrapeTarget]]:
        """Return the sets of scrapers that read the same counters, each with at least two members."""
        found: dict[ScrapeTarget, set[ScrapeTarget]] = {}
        # The most similar pairs first: a group never takes in a scraper that differs from one of its members.
        for one, other in sorted(self._pairs, key=lambda pair: (-len(set(pair[0]) & set(pair[1])), pair)):
            joined = found.get(one, {one}) | found.get(other, {other})
            if self._is_same((one, other)) and not self._any_differ(joined):
                for member in joined:
                    found[member] = joined
        return [group for member, group in found.items() if member == min(group)]

    def notes(self) -> list[str]:
        """Return a sentence for each pair of jobs or servers that scrape the same counters."""
        return list(dict.fromkeys(_note(group) for group in self.groups()))

    def _any_differ(self, group: set[ScrapeTarget]) -> bool:
        return any(
            (compared := self._pairs.get(pair)) is not None and compared.differ
            for pair in combinations(sorted(group), 2)
        )

    def _is_same(self, pair: Pair) -> bool:
        compared = self._pairs[pair]
        if compared.differ or not compared.shared:
            return False
        named = all(pod_of(dict(scraper)) for scraper in pair)
        return named or are_replicas(*pair) or compared.right >= _PROOFS

    def _compare(self, compared: _Agreement, pair: Pair, one: list[RawSeries], other: list[RawSeries]) -> None:
        if are_replicas(*pair):
            compared.shared = True
            return
        if self._own_labels and target_of(pair[0]) == target_of(pair[1]) and _times(one) & _times(other):
            compared.apart = True  # one scrape has both: the labels that differ are the application's
            return
        common = set.intersection(*({name for series in found for name in series.labels} for found in (one, other)))
        others = _by_key(other, common)
        for key, samples in _by_key(one, common).items():
            if samples and (matching := others.get(key)):
                compared.shared = True
                results = self._between(samples, matching) + self._between(matching, samples)
                compared.right += sum(results)
                compared.wrong += len(results) - sum(results)

    def _between(self, samples: Samples, others: Samples) -> list[bool]:
        """Return for each conclusive value whether it lies between the neighbouring values of the other scraper."""
        times, values, found = [at for at, _ in others], [value for _, value in others], []
        for at, value in samples:
            before, after = bisect_right(times, at) - 1, bisect_left(times, at)
            if self._coarse:
                before, after = bisect_left(times, at) - 1, bisect_right(times, at)
            if before < 0 or after == len(times):
                continue
            # Near a sample of the other scraper the order is uncertain: take one neighbour further away.
            if before != after and not self._coarse:
                slack = _SLACK * (times[after] - times[before])
                before -= at - times[before] < slack
                after += times[after] - at < slack
                if before < 0 or after == len(times):
                    continue
            low, high = values[before], values[after]
            if low <= high and (low != high or value != low or (before == after and value)):
                found.append(low <= value <= high)  # otherwise a counter restarted in between, or nothing happened
        return found


def _note(group: Iterable[ScrapeTarget]) -> str:
    members = [dict(scraper) for scraper in sorted(group)]
    for label in (*TARGET_LABELS, *SCRAPER_LABELS):
        values = sorted({str(member.get(label, "")) for member in members})
        if len(values) > 1:
            names = " and ".join(f'{label}="{value}"' for value in values)
            return f"the same counters are scraped more than once, as {names}: each request counts once"
    raise ValueError("a group has one member")


def _times(found: Iterable[RawSeries]) -> set[float]:
    return {at for series in found for at, _ in series.samples}


def _by_key(found: Iterable[RawSeries], common: set[str]) -> dict[SeriesKey, Samples]:
    """Return the samples by the labels that both scrapers have and neither added; () where these are not unique."""
    by_key: dict[SeriesKey, Samples] = {}
    for series in found:
        key = tuple(sorted((name, value) for name, value in series.labels.items() if name in common - _SCRAPE))
        by_key[key] = () if key in by_key else series.samples
    return by_key
