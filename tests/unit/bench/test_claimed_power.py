"""A pass says what would have been caught; canaries that fail just that are, nine times in ten."""

import pytest

from tests.bench.claimed_power import FULL, LEAST, MOST, QUICK, Scenario, check_claim

CELLS = (
    *QUICK,
    Scenario(1, 0.001, 20),
    Scenario(10, 0.001, 60, aligned=True),
    Scenario(100, 0.001, 3, 60.0),
    Scenario(100, 0.005, 40, batch=2.0, aligned=True),
    Scenario(30, 0.001, 4, ladder=(0.5,)),
    Scenario(100, 0.001, 6, incident=0.3, pods=9),
)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_what_a_pass_says_would_have_been_caught_is_caught_nine_times_in_ten(cell: Scenario) -> None:
    """In the same traffic and beside the same counts of stable; seeded, so that it answers alike each time."""
    found = check_claim(cell, worlds=12, canaries=25)
    assert found.canaries >= 250
    assert LEAST <= found.caught <= MOST, found


def test_smaller_faults_than_claimed_are_caught_less_often() -> None:
    """Else the claim would be too modest to be of use."""
    cell = Scenario(100, 0.001, 6)
    claim = check_claim(cell, worlds=6, canaries=25)
    assert claim.claimed < 0.03


def test_no_two_worlds_have_one_name() -> None:
    """A name seeds its world and stands for it on the page."""
    assert len(FULL) == len({cell.name for cell in FULL})
