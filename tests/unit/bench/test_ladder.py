"""Whole rollouts by the default ladder: a good canary climbs it, a bad one does not, whatever stable had before."""

import pytest

from tests.bench.ladders import Climbs, markdown
from tests.bench.rules.ladder import PROMOTED, ROLLED_BACK, climb
from tests.bench.simulation.families import FAMILIES
from tests.bench.simulation.family import Family, flat
from tests.bench.simulation.incidents import LADDERS, QUICK


def test_a_good_canary_climbs_every_rung_and_stays_at_least_half_a_minute_on_each() -> None:
    """5, 25 and 50 %, for at least 30 s each."""
    ended = climb(Family("good", 100), 1)
    assert (PROMOTED, 50, "healthy") == (ended.how, ended.weight, ended.why)
    assert 90.0 <= ended.seconds < 200.0


def test_a_canary_that_fails_everything_ends_on_the_first_rung() -> None:
    """And failed requests are counted up to then, at 5 % of the traffic."""
    ended = climb(Family("broken", 100, canary=flat(1.0), fault=True), 1)
    assert (ROLLED_BACK, 5) == (ended.how, ended.weight)
    assert ended.failed == pytest.approx(5 * ended.seconds, rel=0.3)


def test_equal_seeds_make_equal_rollouts() -> None:
    """The published figures can be reproduced."""
    family = LADDERS[QUICK[0]]
    assert climb(family, 3) == climb(family, 3)


@pytest.mark.parametrize("name", [name for name in LADDERS if name.startswith("20 %") and " 100 rps" in name])
def test_a_canary_that_fails_a_fifth_is_found_within_90_seconds_whatever_stable_had_before(name: str) -> None:
    """At 100 requests a second, with at most 100 failed requests; four seeds of each kind of incident."""
    for seed in range(4):
        ended = climb(LADDERS[name], seed)
        assert ROLLED_BACK == ended.how, (seed, ended)
        assert ended.seconds <= 90.0, (seed, ended)
        assert ended.failed <= 100, (seed, ended)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK or "30 s" in name else [pytest.mark.full])
        for name in LADDERS
        if name.startswith("5 %") and " 10 rps" in name
    ],
)
def test_a_canary_that_fails_a_twentieth_is_never_promoted_whatever_stable_had_before(name: str) -> None:
    """At 10 requests a second by the default ladder; five seeds of each kind of incident."""
    ends = [climb(LADDERS[name], seed) for seed in range(40, 45)]
    assert PROMOTED not in {ended.how for ended in ends}, ends


def test_names_of_families_are_unique_and_the_quick_ones_exist() -> None:
    """A family of ladders is not one of the others."""
    assert set(QUICK) <= set(LADDERS)
    assert not set(LADDERS) & set(FAMILIES)


def test_the_pages_table_says_what_was_held_out() -> None:
    """One row a family, with its counts."""
    name = "20 % after 90 s of 60 % on all pods, 100 rps"
    row = markdown({name: {"never": Climbs(LADDERS[name], [climb(LADDERS[name], 1)])}}, "never").splitlines()[-1]
    assert row.startswith(f"| {name} (bad, held out) | 0 of 1 | 1 of 1 | 0 of 1 |")
