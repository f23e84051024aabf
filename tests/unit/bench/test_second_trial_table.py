"""The table of docs/judge.md counts what a second trial saves and costs."""

from __future__ import annotations

from tests.bench.ladders import Climbs
from tests.bench.rules.ladder import PROMOTED, ROLLED_BACK, Ended
from tests.bench.second_trial_table import markdown
from tests.bench.simulation.family import Family


def climbs(family: Family, never: Ended, auto: Ended) -> dict[str, Climbs]:
    """Return one rollout in each mode."""
    return {"never": Climbs(family, [never]), "auto": Climbs(family, [auto])}


def test_good_and_bad_rollouts_are_added_up_for_each_mode() -> None:
    """A good release that a second trial saves, one to which nothing happens, and two faults, one of them dearer."""
    good, quiet = Family("a bad node", 100), Family("quiet", 100, kind="good, nothing happens")
    worse, total = (Family(f"fails {share} %, 100 rps", 100, fault=True) for share in (1, 100))
    found = {
        good.name: climbs(good, Ended(ROLLED_BACK, 40, 1500, 5, "worse"), Ended(PROMOTED, 240, 700, 50, "healthy")),
        quiet.name: climbs(quiet, Ended(PROMOTED, 100, 3, 50, "healthy"), Ended(PROMOTED, 120, 3, 50, "healthy")),
        worse.name: climbs(worse, Ended(PROMOTED, 90, 10, 50, "healthy"), Ended(ROLLED_BACK, 300, 20, 5, "worse")),
        total.name: climbs(total, Ended(ROLLED_BACK, 15, 50, 5, "worse"), Ended(ROLLED_BACK, 90, 60, 5, "worse")),
    }
    assert [
        "| 2 good ones, most with troubles of pods, nodes, clients, outages: rolled back | 1 | 0 |",
        "| the same: inconclusive | 0 | 0 |",
        "| the same: failed requests of users in all | 1 503 | 703 |",
        "| the 1 of them to which nothing happens: seconds, mean | 100 | 120 |",
        "| 2 bad ones, 2 kinds of faults and loads: promoted | 1 | 0 |",
        "| the same: failed requests of users in all | 60 | 80 |",
        "| the same: seconds, mean | 52 | 195 |",
        "| kinds of faults and loads that cost more than 1.3 times as much |  | 1 |",
        "| fails 100 %, 100 rps: failed requests, mean of 1 | 50 | 60 |",
        "| fails 1 %, 100 rps: failed requests, mean of 1 | 10 | 20 |",
    ] == markdown(found, found).splitlines()[2:]
