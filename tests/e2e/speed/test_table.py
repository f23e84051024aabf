"""The table of `make bench-cluster`: medians with ranges, and what did not go as it should."""

from __future__ import annotations

from tests.e2e.speed.measure import DEFAULT, QUICK, Case, Measured
from tests.e2e.speed.table import cells, spread, table

BAD, GOOD = Case("fails everything", "errors", QUICK), Case("good, default dwell", "", DEFAULT)


def test_several_runs_are_a_median_with_a_range() -> None:
    """One run is a figure, none is a dash."""
    assert ["6.4 (5.1 to 7.0)", "6", "-"] == [spread([7.0, 5.1, 6.4], 1), spread([6.4]), spread([])]


def test_a_bad_version_shows_how_often_it_was_rolled_back() -> None:
    """A promotion of it counts against us."""
    measured = [Measured(6.0, 18, None), Measured(60.0, 80, 70.0)]
    assert ["33.0 (6.0 to 60.0) s", "49 (18 to 80)", "1 of 2"] == cells(BAD, measured)


def test_a_good_version_that_is_not_promoted_is_named() -> None:
    """Its time is not part of the median."""
    measured = [Measured(60.0, 0, 70.0), Measured(9.0, 0, None)]
    assert ["70 s, 1 not promoted"] == cells(GOOD, measured)


def test_every_row_has_all_columns() -> None:
    """Flagger's, and a way that was not measured in time."""
    runs = {("rollout", BAD.name): [Measured(6.0, 18, None)], ("canary-release", BAD.name): []}
    lines = table([BAD, GOOD], runs).splitlines()
    assert {6} == {line.count("|") for line in lines}
    assert ["| Flagger 1.44.0 | 20.5 s | 80 |  |  |"] == lines[2:3]
    assert "| `canary-steps rollout`, one process | 6.0 s | 18 | 1 of 1 |  |" == lines[3]
