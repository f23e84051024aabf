"""A pass says what would have been caught; canaries that fail exactly that share are caught, nine times in ten."""

import pytest

from tests.bench.claim_scenarios import FULL, QUICK, Scenario
from tests.bench.claimed_power import MAX_POWER, MIN_POWER, check_claim

MORE = (
    Scenario(1, 0.001, 20),
    Scenario(10, 0.001, 60, aligned=True),
    Scenario(100, 0.001, 3, 60.0),
    Scenario(100, 0.005, 40, batch=2.0, aligned=True),
    Scenario(30, 0.001, 4, ladder=(0.5,)),
    Scenario(100, 0.001, 6, incident=0.3, pods=9),
)


@pytest.mark.parametrize(
    "scenario",
    [
        *(pytest.param(one, id=one.name) for one in QUICK[2:3]),
        *(pytest.param(one, id=one.name, marks=pytest.mark.full) for one in (*QUICK[:2], *QUICK[3:], *MORE)),
    ],
)
def test_what_a_pass_says_would_have_been_caught_is_caught_nine_times_in_ten(scenario: Scenario) -> None:
    """In the same traffic and with the same counts of stable; seeded, so that the answer is always the same."""
    found = check_claim(scenario, rollouts=12, canaries=25)
    assert found.canaries >= 250
    assert MIN_POWER <= found.caught <= MAX_POWER, found


def test_smaller_faults_than_claimed_are_caught_less_often() -> None:
    """Otherwise the claim would be too modest to be useful."""
    scenario = Scenario(100, 0.001, 6)
    claim = check_claim(scenario, rollouts=6, canaries=25)
    assert claim.claimed < 0.03


def test_names_of_scenarios_are_unique() -> None:
    """A name seeds its scenario and identifies it on the page."""
    assert len(FULL) == len({scenario.name for scenario in FULL})
