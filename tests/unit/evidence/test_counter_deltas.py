"""Increases are exact: each event once, through births, resets, gaps and late or repeated samples."""

import math

import pytest

from steps.evidence.counters.counter_deltas import CounterDeltas
from steps.evidence.prometheus_api.samples import RawSeries, parse_matrix
from steps.model.evidence import Arm

START = 1000.0


def series(name: str, samples: list[tuple[float, float]], instance: str = "gw") -> RawSeries:
    """Make a series of one arm, named by its response code."""
    return RawSeries({"code": name, "instance": instance}, tuple(samples))


def ledger(*, newborn: bool = False, resets: bool = True) -> CounterDeltas:
    """Make a ledger that counts everything as canary, slot by first digit of the code."""
    return CounterDeltas(
        lambda s: (Arm.CANARY, int(s.labels["code"][0])) if s.labels["code"] else None, lambda _: newborn, resets=resets
    )


def increases(book: CounterDeltas, slot: int = 5, instance: str = "gw") -> list[tuple[float, float]]:
    """Give (time, increase) of a slot, where there is any."""
    cells = book.cells[(("instance", instance),)]
    return [(at, found[(Arm.CANARY, slot)]) for at, found in sorted(cells.items()) if (Arm.CANARY, slot) in found]


SIBLING = series("200", [(START + i, 100.0) for i in range(6)])


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param([(1000, 5), (1001, 7), (1002, 7)], [(1001, 2)], id="plain increase"),
        pytest.param([(1002, 3), (1003, 4)], [(1002, 3), (1003, 1)], id="birth: first value counts"),
        pytest.param([(1000, 9), (1001, 2), (1002, 3)], [(1001, 2), (1002, 1)], id="reset: new value counts"),
        pytest.param([(1000, 1), (1004, 8)], [(1004, 7)], id="gap: at the scrape that shows it"),
    ],
)
def test_increases(samples: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    """Each rule of the ledger, one by one."""
    book = ledger()
    book.feed([SIBLING, series("503", samples)], START - 1)
    assert increases(book) == expected


def test_first_sight_of_a_target_is_dropped_and_counted() -> None:
    """Nobody knows what a counter had before its target was first seen."""
    book = ledger()
    book.feed([series("503", [(START, 40), (START + 1, 41)])], START - 100)
    assert increases(book) == [(START + 1, 1)]
    assert book.dropped == 1


def test_newborn_target_counts_from_zero() -> None:
    """A fresh canary pod's own proxy begins at 0."""
    book = ledger(newborn=True)
    book.feed([series("503", [(START, 4)])], START - 100)
    assert increases(book) == [(START, 4)]


def test_newborn_needs_proof_of_absence() -> None:
    """A series at the very edge of the range may be older than the range."""
    book = ledger(newborn=True)
    book.feed([series("503", [(START, 4)])], START - 0.5)
    assert increases(book) == []


def test_overlapping_answers_count_once_and_in_any_order() -> None:
    """Polls overlap; what was seen is not counted again, and late series still are."""
    book = ledger()
    book.feed([SIBLING, series("503", [(1000, 1), (1001, 2)])], START - 1)
    book.feed([series("503", [(1000, 1), (1001, 2), (1002, 5)])], START - 1)
    book.feed([series("504", [(1002, 6)]), SIBLING], START + 0.5)
    assert increases(book) == [(1001, 1), (1002, 3 + 6)]


def test_birth_seen_by_a_later_poll() -> None:
    """A new label set in a later answer began after the scrapes already known."""
    book = ledger()
    book.feed([SIBLING], START - 1)
    book.feed([series("503", [(1006, 2)])], START + 4)
    assert increases(book) == [(1006, 2)]


def test_fall_of_a_sum_is_dropped() -> None:
    """A sum of counters falls when one of them restarts: the increase cannot be told."""
    book = ledger(resets=False)
    book.feed([series("503", [(1000, 9), (1001, 2), (1002, 3)])], START - 1)
    assert increases(book) == [(1002, 1)]
    assert book.dropped == 2


def test_parse_sorts_and_drops_what_is_no_number() -> None:
    """NaN, infinity, repeated and unordered samples do not confuse the counts."""
    found = parse_matrix(
        [{"metric": {"__name__": "x", "a": "b"}, "values": [[3, "7"], [1, "NaN"], [2, "5"], [2, "5"], [4, "+Inf"]]}]
    )
    assert found == [RawSeries({"__name__": "x", "a": "b"}, ((2.0, 5.0), (3.0, 7.0)))]
    assert all(math.isfinite(value) for _, value in found[0].samples)
