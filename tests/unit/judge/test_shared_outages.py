"""An outage that both arms share condemns nobody, though it may reach the canary first."""

import pytest

from steps.judge import Rules, judge
from steps.model.evidence import Evidence
from steps.model.judgement import Verdict
from tests.support.evidence_rows import Row, evenly, evidence, strata

PAST = evenly(900, 4, 60)
CAREFUL = Rules(cap_aligned=0.65)
"""Rules by which one scrape decides nothing, also where both arms are counted in the same one."""

GOOD: Row = ((100, 0), (900, 1))


def shared(parts: list[tuple[float, float]]) -> list[Row]:
    """Make scrapes in which these shares of the canary's and of stable's requests fail."""
    return [((100, round(100 * canary)), (900, round(900 * stable))) for canary, stable in parts]


def verdicts(rows: list[Row], *, aligned: bool) -> list[Verdict]:
    """Judge after every scrape, as `analyze` does."""
    found: list[Verdict] = []
    for count in range(1, len(rows) + 1):
        seen = evidence(strata(PAST, rows[:count]))
        found.append(judge(_aligned(seen, aligned=aligned), None, CAREFUL, deadline_reached=False).verdict)
    return found


def _aligned(seen: Evidence, *, aligned: bool) -> Evidence:
    return Evidence(
        seen.metrics, seen.started, seen.rung_started, seen.until, seen.scrape_interval_seconds, aligned, weight=10
    )


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("height", [1.0, 0.5])
@pytest.mark.parametrize("part", [0.2, 0.7, 1.0])
def test_an_outage_that_reaches_the_canary_a_scrape_before_stable_raises_no_alarm(
    height: float, part: float, *, aligned: bool
) -> None:
    """It begins within a scrape, goes on for half a minute, and leaves the arms one after the other as well."""
    shares = [(part, 0.0), (1.0, part), *[(1.0, 1.0)] * 4, (1.0 - part, 1.0), (0.0, 1.0 - part)]
    outage = shared([(height * canary, height * stable) for canary, stable in shares])
    assert Verdict.FAIL not in verdicts([GOOD, *outage, GOOD], aligned=aligned)


@pytest.mark.parametrize("aligned", [True, False])
def test_a_canary_that_goes_on_failing_after_a_shared_outage_fails(*, aligned: bool) -> None:
    """The outage excuses the scrapes next to it, not the canary."""
    rows = [*[GOOD] * 3, *shared([(1.0, 0.0), (1.0, 1.0), (1.0, 1.0), *[(1.0, 0.001)] * 18])]
    assert Verdict.FAIL in verdicts(rows, aligned=aligned)


def test_a_total_failure_beside_a_sound_stable_takes_two_scrapes() -> None:
    """One scrape may be an outage on its way to stable."""
    assert [Verdict.CONTINUE, Verdict.FAIL] == verdicts(shared([(1.0, 0.001)] * 2), aligned=True)


def test_by_default_a_total_failure_takes_one_scrape_that_both_arms_share() -> None:
    """Users come first: the second scrape would double what they meet."""
    seen = _aligned(evidence(strata(PAST, shared([(1.0, 0.001)]))), aligned=True)
    assert judge(seen, None, Rules(), deadline_reached=False).verdict is Verdict.FAIL
