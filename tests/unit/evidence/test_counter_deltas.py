"""Increases are exact: each event counts once, whatever new series, resets, gaps and late or repeated samples."""

import math

import pytest

from steps.evidence.counters.counter_deltas import CounterDeltas
from steps.evidence.prometheus_api.samples import RawSeries, parse_matrix
from steps.model.evidence import Arm

START = 1000.0


def series(name: str, samples: list[tuple[float, float]], instance: str = "gw") -> RawSeries:
    """Make a series of one arm, named by its response code."""
    return RawSeries({"code": name, "instance": instance}, tuple(samples))


def counter_deltas(*, newborn: bool = False, resets: bool = True) -> CounterDeltas:
    """Make a counter_deltas that counts everything as canary, slot by first digit of the code."""
    return CounterDeltas(
        lambda s: (Arm.CANARY, int(s.labels["code"][0])) if s.labels["code"] else None, lambda _: newborn, resets=resets
    )


def increases(deltas: CounterDeltas, slot: int = 5, instance: str = "gw") -> list[tuple[float, float]]:
    """Return (time, increase) of a slot, where there is any."""
    cells = deltas.increases[(("instance", instance),)]
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
def test_increases_follow_the_rules(samples: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    """Each rule of the counter_deltas, one by one."""
    deltas = counter_deltas()
    deltas.add([SIBLING, series("503", samples)], START - 1)
    assert increases(deltas) == expected


def test_first_sight_of_a_target_is_dropped_and_counted() -> None:
    """The value of a counter before its target was first seen is unknown."""
    deltas = counter_deltas()
    deltas.add([series("503", [(START, 40), (START + 1, 41)])], START - 100)
    assert increases(deltas) == [(START + 1, 1)]
    assert deltas.dropped == 1


def test_newborn_target_counts_from_zero() -> None:
    """The own proxy of a new canary pod begins at 0."""
    deltas = counter_deltas(newborn=True)
    deltas.add([series("503", [(START, 4)])], START - 100)
    assert increases(deltas) == [(START, 4)]


def test_newborn_needs_proof_of_absence() -> None:
    """A series at the edge of the range may be older than the range."""
    deltas = counter_deltas(newborn=True)
    deltas.add([series("503", [(START, 4)])], START - 0.5)
    assert increases(deltas) == []


def test_overlapping_answers_count_once_and_in_any_order() -> None:
    """Polls overlap; known samples are not counted again, late series are."""
    deltas = counter_deltas()
    deltas.add([SIBLING, series("503", [(1000, 1), (1001, 2)])], START - 1)
    deltas.add([series("503", [(1000, 1), (1001, 2), (1002, 5)])], START - 1)
    deltas.add([series("504", [(1002, 6)]), SIBLING], START + 0.5)
    assert increases(deltas) == [(1001, 1), (1002, 3 + 6)]


def test_a_later_poll_sees_a_new_series() -> None:
    """A new label set in a later answer began after the scrapes already known."""
    deltas = counter_deltas()
    deltas.add([SIBLING], START - 1)
    deltas.add([series("503", [(1006, 2)])], START + 4)
    assert increases(deltas) == [(1006, 2)]


def test_the_drop_of_a_sum_is_not_counted() -> None:
    """A sum of counters drops when one of them restarts: the increase is unknown."""
    deltas = counter_deltas(resets=False)
    deltas.add([series("503", [(1000, 9), (1001, 2), (1002, 3)])], START - 1)
    assert increases(deltas) == [(1002, 1)]
    assert deltas.dropped == 2


def test_parse_sorts_samples_and_drops_impossible_values() -> None:
    """NaN, infinity, repeated and unordered samples do not confuse the counts."""
    found = parse_matrix(
        [{"metric": {"__name__": "x", "a": "b"}, "values": [[3, "7"], [1, "NaN"], [2, "5"], [2, "5"], [4, "+Inf"]]}]
    )
    assert found == [RawSeries({"__name__": "x", "a": "b"}, ((2.0, 5.0), (3.0, 7.0)))]
    assert all(math.isfinite(value) for _, value in found[0].samples)
