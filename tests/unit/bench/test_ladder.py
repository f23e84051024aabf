"""Whole rollouts by the default ladder: a good canary climbs it, a bad one does not, whatever stable had before."""

import pytest

from steps import rollout
from tests.bench.ladders import Climbs, markdown
from tests.bench.rules.ladder import DEFAULTS, MODES, PROMOTED, ROLLED_BACK, climb
from tests.bench.simulation.cluster import Cluster
from tests.bench.simulation.families import FAMILIES
from tests.bench.simulation.family import Family, Own, flat
from tests.bench.simulation.incidents import LADDERS, QUICK

IN_ALL_RUNS = (
    "5 % after 3 min of 10 % on all pods, 10 rps, gateways",
    "5 % after 30 s of one pod of nine, 10 rps",
)
"""An incident of all pods and one of a single pod, long ago and just now, by the gateways' counters and the pods'."""


def test_a_good_canary_climbs_every_rung_and_stays_at_least_half_a_minute_on_each() -> None:
    """5, 25 and 50 %, for at least 30 s each."""
    ended = climb(Family("good", 100), 1)
    assert (PROMOTED, 50, "healthy") == (ended.how, ended.weight, ended.why)
    assert 90.0 <= ended.seconds < 200.0


def test_a_canary_that_fails_everything_ends_on_the_first_rung() -> None:
    """And failed requests are counted up to then, at 5 % of the traffic."""
    ended = climb(Family("broken", 100, canary=flat(1.0), fault=True), 1)
    assert (ROLLED_BACK, 5) == (ended.how, ended.weight)
    assert ended.safe_after is not None
    assert ended.failed == pytest.approx(5 * ended.safe_after, rel=0.3)


def test_equal_seeds_make_equal_rollouts() -> None:
    """The published figures can be reproduced."""
    family = LADDERS[QUICK[0]]
    assert climb(family, 3) == climb(family, 3)


@pytest.mark.parametrize("name", [name for name in LADDERS if name.startswith("20 %") and " 100 rps" in name])
def test_a_canary_that_fails_a_fifth_is_found_within_90_seconds_whatever_stable_had_before(name: str) -> None:
    """At 100 requests a second, with at most 100 failed requests; two seeds of each kind of incident."""
    for seed in range(2):
        ended = climb(LADDERS[name], seed)
        assert ROLLED_BACK == ended.how, (seed, ended)
        assert ended.seconds <= 90.0, (seed, ended)
        assert ended.failed <= 100, (seed, ended)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in IN_ALL_RUNS else [pytest.mark.full])
        for name in LADDERS
        if name.startswith("5 %") and " 10 rps" in name
    ],
)
def test_a_canary_that_fails_a_twentieth_is_never_promoted_whatever_stable_had_before(name: str) -> None:
    """At 10 requests a second by the default ladder; three seeds of each kind of incident."""
    ends = [climb(LADDERS[name], seed) for seed in range(40, 43)]
    assert PROMOTED not in {ended.how for ended in ends}, ends


def test_a_canary_that_fails_everything_is_condemned_by_a_second_trial_with_fresh_pods() -> None:
    """Users are safe from the first alarm on, but for the few requests of the second one."""
    ended = climb(Family("broken", 100, canary=flat(1.0), fault=True), 1, MODES["auto"])
    assert (ROLLED_BACK, 1) == (ended.how, ended.trials)
    assert ended.safe_after is not None
    assert ended.safe_after < ended.seconds


def test_a_good_canary_on_a_bad_node_is_promoted_after_a_second_trial() -> None:
    """Stable has no pod there, and the fresh ones are elsewhere; with one trial it is rolled back."""
    sites = (Cluster(seed, 4, lambda _, node: Own(fails=flat(0.2 * (node == 3)))) for seed in range(100))
    site = next(one for one in sites if one.node("canary", 0) == 3)
    family = Family("bad node", 100, pods=site, stable_pods=3)
    assert ROLLED_BACK == climb(family, 1).how
    ended = climb(family, 1, MODES["auto"])
    assert (PROMOTED, 1) == (ended.how, ended.trials)


def test_the_rules_and_the_ladder_are_those_of_the_settings() -> None:
    """No number of the benchmark stands for a default."""
    assert DEFAULTS == rollout.Settings.model_validate({"app": "shop", "image": "shop:v2", "second_trial": "never"})


def test_names_of_families_are_unique_and_the_quick_ones_exist() -> None:
    """A family of ladders is not one of the others."""
    assert set(QUICK) <= set(LADDERS)
    assert not set(LADDERS) & set(FAMILIES)


def test_the_pages_table_says_what_was_held_out() -> None:
    """One row a family, with its counts."""
    name = "20 % after 90 s of 60 % on all pods, 100 rps"
    row = markdown({name: {"never": Climbs(LADDERS[name], [climb(LADDERS[name], 1)])}}, "never").splitlines()[-1]
    assert row.startswith(f"| {name} (bad, held out) | 0 of 1 | 1 of 1 | 0 of 1 |")
