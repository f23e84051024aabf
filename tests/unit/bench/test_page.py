"""The page and the targets say what was measured, in both modes of the second trial."""

import csv
from pathlib import Path

from tests.bench.claim_scenarios import QUICK
from tests.bench.claimed_power import ClaimCheck
from tests.bench.ladder_targets import targets as ladder_targets
from tests.bench.ladders import ROLLOUTS, Climbs, grouped, once
from tests.bench.measure import Tally
from tests.bench.page import write
from tests.bench.rules.ladder import INCONCLUSIVE, MODES, PROMOTED, ROLLED_BACK, Ended
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.families import FAMILIES
from tests.bench.simulation.field import FIELD
from tests.bench.targets import Measured, targets

GOOD, BAD = "noisy neighbours, 100 rps, gateways", "fails 5 %, 10 rps"


def climbs(name: str, never: list[Ended], auto: list[Ended]) -> dict[str, dict[str, Climbs]]:
    """Return the rollouts of one family in both modes."""
    return {name: {"never": Climbs(ROLLOUTS[name], never), "auto": Climbs(ROLLOUTS[name], auto)}}


def ended(how: str, seconds: float = 100.0, failed: int = 7) -> Ended:
    """Return the end of a rollout at weight 50."""
    return Ended(how, seconds, failed, 50, "healthy")


def met(found: dict[str, dict[str, Climbs]]) -> dict[str, bool]:
    """Return by its name whether each target is met."""
    return {one.what: one.met for one in ladder_targets(found)}


def test_a_false_roll_back_of_a_whole_rollout_is_reported_for_its_mode() -> None:
    """One of a hundred is more than .5 %; the second trial spared it."""
    fine = [ended(PROMOTED)] * 99
    found = met(climbs(GOOD, [*fine, ended(ROLLED_BACK)], [*fine, ended(PROMOTED)]))
    what = "false roll-backs of whole rollouts, every good kind, second-trial"
    assert not found[f"{what} never"]
    assert found[f"{what} auto"]


def test_a_bad_canary_that_is_promoted_misses_a_target() -> None:
    """Whatever became of the others; an inconclusive end promotes nobody."""
    found = met(climbs(BAD, [ended(ROLLED_BACK), ended(PROMOTED)], [ended(ROLLED_BACK), ended(INCONCLUSIVE)]))
    assert not found["canaries that fail 5 % or more promoted, second-trial never"]
    assert found["canaries that fail 5 % or more promoted, second-trial auto"]


def test_the_second_trial_may_cost_at_most_1_3_times_the_failed_requests_of_plain_faults() -> None:
    """Over all rollouts of a fault."""
    what = "second trial: failed requests of plain faults, mean, auto v. never"
    assert met(climbs(BAD, [ended(ROLLED_BACK, failed=10)], [ended(ROLLED_BACK, failed=13)]))[what]
    assert not met(climbs(BAD, [ended(ROLLED_BACK, failed=10)], [ended(ROLLED_BACK, failed=14)]))[what]


def test_users_count_as_safe_from_the_first_alarm_on() -> None:
    """The second trial goes on for minutes after it."""
    name = "20 % after 30 s of one pod of nine, 100 rps"
    late = Ended(ROLLED_BACK, 200.0, 60, 5, "worse", 1, safe_after=30.0)
    found = met(climbs(name, [late], [Ended(ROLLED_BACK, 95.0, 60, 5, "worse", 0, safe_after=95.0)]))
    assert found["20 % after any incident, 100 rps, second-trial never"]
    assert not found["20 % after any incident, 100 rps, second-trial auto"]


def test_loads_of_a_good_kind_are_added_up_and_bad_ones_are_shown_for_each_load() -> None:
    """The cells still name their reporter."""
    found = {
        **climbs(GOOD, [ended(PROMOTED)], []),
        **climbs("noisy neighbours, 10 rps, gateways", [ended(ROLLED_BACK)], []),
        **climbs(BAD, [ended(ROLLED_BACK)], []),
    }
    groups = grouped(found)
    assert {"noisy neighbours, gateways", BAD} == set(groups)
    assert 2 == len(groups["noisy neighbours, gateways"]["never"].ended)


def test_a_rollout_is_made_in_every_mode() -> None:
    """With the same seed, so that the modes can be compared one by one."""
    name, ends = once(("fails 20 %, 100 rps, gateways", 1))
    assert "fails 20 %, 100 rps, gateways" == name
    assert set(MODES) == set(ends)


def test_the_page_has_every_table_and_its_csv_has_every_load(tmp_path: Path) -> None:
    """Nothing of the template is left open."""
    family = FAMILIES["errors 20 %, 10 rps"]
    rungs = {family.name: [Tally(family, "canary-steps", [Outcome(30.0)], [5])]}
    field = {GOOD: [Tally(FIELD[GOOD], rule, [Outcome(None)], [0]) for rule in ("canary-steps", "mixture SPRT")]}
    found = Measured(
        rungs, field, climbs(GOOD, [ended(PROMOTED)], [ended(ROLLED_BACK)]) | climbs(BAD, [ended(ROLLED_BACK)],
        [ended(ROLLED_BACK)]), [ClaimCheck(QUICK[0], 0.05, 0.9, 100)], 40.0,
    )  # fmt: skip
    text = write(found, "`make bench-full`", tmp_path).read_text(encoding="utf-8")
    assert "$" not in text
    for what in (GOOD.replace(", 100 rps", ""), BAD, *(one.what for one in targets(found))):
        assert what in text, what
    with (tmp_path / "ladders.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(GOOD, "never"), (GOOD, "auto"), (BAD, "never"), (BAD, "auto")] == [
        (row["family"], row["second_trial"]) for row in rows
    ]
