"""What the benchmark counts, and that it claims no more than that."""

from xml.etree import ElementTree as ET

from tests.bench.measure import REPORTING_SEEDS, RULES, Result, Tally, measure, once, tallies
from tests.bench.page import slug
from tests.bench.plots import plot
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.families import FAMILIES, HELD_OUT, QUICK
from tests.bench.targets import Measured, targets
from tests.bench.tradeoff import FAULTS, NULLS


def tally(*times: float | None, name: str = "errors 20 %, 10 rps", rule: str = "canary-steps") -> Tally:
    """Make a tally of rollouts that were rolled back after these seconds."""
    return Tally(FAMILIES[name], rule, [Outcome(seconds) for seconds in times], [7] * len(times))


def test_the_median_counts_rollouts_that_were_never_rolled_back() -> None:
    """Half of four found: the median is the later of the two; a third that is never found has no time."""
    assert tally(30.0, None, 60.0, None).quantile(0.5) == 60.0
    assert tally(30.0, None, None, None).quantile(0.5) is None
    assert tally(30.0, 45.0, 60.0).quantile(0.9) == 60.0


def test_none_of_six_hundred_is_at_most_six_in_a_thousand() -> None:
    """Wilson's limits, so that a small run claims little."""
    low, high = tally(*[None] * 600).limits
    assert low < 1e-9
    assert 0.006 < high < 0.0065


def test_every_rule_sees_the_same_rollout_and_harm_ends_with_the_roll_back() -> None:
    """The sooner, the fewer failed requests."""
    result = once(("errors 20 %, 10 rps", 1))
    assert set(RULES) == set(result.outcomes)
    by_time = sorted(RULES, key=lambda rule: result.outcomes[rule].failed_after or 1e9)
    harms = [result.harmed[rule] for rule in by_time]
    assert sorted(harms) == harms


def test_a_longer_run_contains_a_shorter_one() -> None:
    """Seeds go on in rounds, from the first reporting seed."""
    results = measure(["equal 0.1 %, 1 rps"], lambda _: 2, 600.0, 1)
    assert [REPORTING_SEEDS + i for i in range(2)] == [result.seed for result in results]


def test_a_missed_target_is_reported_as_missed() -> None:
    """Two false roll-backs of a hundred are more than .5 %."""
    name = "equal 0.1 %, 10 rps"
    results = [
        Result(name, seed, {"canary-steps": Outcome(60.0 if seed < 2 else None)}, {"canary-steps": 0})
        for seed in range(100)
    ]
    (line,) = targets(Measured(tallies(results), {}, {}))
    assert not line.met
    assert line.measured.startswith("worst 2.0 % (equal 0.1 %, 10 rps; 100 runs")


def test_plots_are_well_formed_and_every_family_has_its_own_file() -> None:
    """No two names share a file."""
    picture = ET.fromstring(plot("a < b, 20 %", [tally(30.0, None), tally(300.0, 300.0, rule="Flagger x5")]))  # noqa: S314
    assert picture.tag.endswith("svg")
    assert len(FAMILIES) == len({slug(name) for name in FAMILIES})


def test_held_out_families_are_not_used_for_choosing_defaults() -> None:
    """The trade-off's table uses the other families; `make bench` shows some of both."""
    held_out = {family.name for family in HELD_OUT}
    assert not held_out & {*NULLS, *FAULTS}
    assert set(QUICK) <= set(FAMILIES)
    assert held_out & set(QUICK)
