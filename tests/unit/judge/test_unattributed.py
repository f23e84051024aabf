"""Failures before an upstream was chosen: whose they are, and what is said if that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.judge import Rules, judge
from steps.judge.filters.unattributed import attribute
from steps.model.evidence import Counts, Evidence, Stratum
from steps.model.judgement import ReasonCode, Verdict
from tests.support.evidence_rows import Pair, Row, evenly, evidence, strata

RULES = Rules()
PAST: list[Pair] = evenly(450, 4, 120)


def given_up(seen: Evidence, failed: list[int]) -> Evidence:
    """Put so many unattributed failures into the last scrapes, oldest first."""
    errors = seen.metrics[0]
    rows: tuple[Stratum, ...] = errors.series[0].strata
    first = len(rows) - len(failed)
    changed = tuple(
        replace(one, unattributed=failed[number - first]) if number >= first else one for number, one in enumerate(rows)
    )
    series = replace(errors.series[0], strata=changed)
    return replace(seen, metrics=(replace(errors, series=(series,)), *seen.metrics[1:]))


def test_half_of_the_canarys_requests_without_an_upstream_fail_it() -> None:
    """Its endpoints come and go: 503 UH, which no proxy attributes. The sentence and a note say so."""
    rows: list[Row] = [((25, 0), (450, 0))] * 6
    judgement = judge(given_up(evidence(strata(PAST, rows)), [25] * 6), None, RULES, deadline_reached=False)

    assert Verdict.FAIL is judgement.verdict, judgement.reason
    assert "failed before an upstream was chosen, since the canary got its weight" in judgement.reason
    assert judgement.notes[-1].startswith("150 of 3000 requests since the canary got traffic failed before an upstream")
    assert judgement.notes[-1].endswith("150 count as the canary's, because they began with its weight")


@pytest.mark.parametrize("past", [PAST, []], ids=["past", "no past"])
def test_a_canary_all_of_whose_requests_find_no_upstream_fails(past: list[Pair]) -> None:
    """It has no request of its own: that is a failure, not silence."""
    rows: list[Row] = [((0, 0), (450, 0))] * 6
    judgement = judge(given_up(evidence(strata(past, rows)), [50] * 6), None, RULES, deadline_reached=False)

    assert (Verdict.FAIL, 300) == (judgement.verdict, judgement.canary_requests), judgement.reason


def test_a_service_with_little_traffic_needs_more_scrapes_until_the_first_one() -> None:
    """One request in a scrape: the canary's first comes late, and fails like all the others."""
    rows: list[Row] = [((0, 0), (4, 0))] * 60
    failed = [0] * 8 + [int(number % 3 == 0) for number in range(52)]
    judgement = judge(given_up(evidence(strata([(5, 0)] * 120, rows)), failed), None, RULES, deadline_reached=True)

    assert judgement.canary_requests == sum(failed)
    assert judgement.verdict is not Verdict.PASS


def test_failures_that_were_there_before_are_reported_and_block_nothing() -> None:
    """As many as in stable's history, in proportion."""
    rows: list[Row] = [((50, 0), (450, 0))] * 12
    seen = given_up(evidence(strata(PAST, rows)), [int(number % 3 == 0) for number in range(132)])
    judgement = judge(seen, None, RULES, deadline_reached=False)

    assert Verdict.PASS is judgement.verdict, judgement.reason
    assert judgement.notes[-1] == (
        "4 of 6004 requests since the canary got traffic failed before an upstream was chosen"
        " (before that 40 of 54040): they count for neither version"
    )


def test_more_than_before_that_did_not_begin_with_the_weight_block_a_pass() -> None:
    """They began a minute later: it is not known whose they are."""
    rows: list[Row] = [((50, 0), (450, 0))] * 24
    seen = given_up(evidence(strata(PAST, rows)), [0] * 12 + [8] * 12)
    early, late = (judge(seen, None, RULES, deadline_reached=late) for late in (False, True))

    assert (Verdict.CONTINUE, ReasonCode.UNATTRIBUTED) == (early.verdict, early.code)
    assert (Verdict.INCONCLUSIVE, ReasonCode.UNATTRIBUTED) == (late.verdict, late.code)
    assert "96 of 12096 requests" in late.reason
    assert "check the endpoints, ports and subset labels" in late.reason


def test_more_than_the_canarys_part_is_not_the_canarys_alone() -> None:
    """Half of all requests at a weight of 10: both versions lost their endpoints."""
    rows: list[Row] = [((25, 0), (225, 0))] * 6
    judgement = judge(given_up(evidence(strata(PAST, rows)), [250] * 6), None, RULES, deadline_reached=True)

    assert (Verdict.INCONCLUSIVE, ReasonCode.UNATTRIBUTED) == (judgement.verdict, judgement.code)


def test_failures_that_begin_with_a_later_rung_count_there_as_well() -> None:
    """Healthy at 5 %; at 25 % some of its pods are not reachable."""
    rows: list[Row] = [((25, 0), (475, 0))] * 12 + [((60, 0), (375, 0))] * 6
    seen = evidence(strata(PAST, rows), weight=25, rung_started=60.0)
    judgement = judge(given_up(seen, [0] * 12 + [65] * 6), None, RULES, deadline_reached=False)

    assert Verdict.FAIL is judgement.verdict, judgement.reason


def test_once_they_are_over_a_later_rung_may_pass() -> None:
    """They blocked an earlier rung; on this one there is none."""
    rows: list[Row] = [((50, 0), (450, 0))] * 24 + [((125, 0), (375, 0))] * 12
    seen = evidence(strata(PAST, rows), weight=25, rung_started=120.0)
    judgement = judge(given_up(seen, [0] * 12 + [8] * 12 + [0] * 12), None, RULES, deadline_reached=False)

    assert Verdict.PASS is judgement.verdict, judgement.reason


def test_evidence_without_any_is_returned_unchanged() -> None:
    """Nothing is copied, nothing noted."""
    seen = evidence(strata(PAST, [((50, 0), (450, 0))] * 6))
    same, found = attribute(seen, RULES)

    assert seen is same
    assert (0, False) == (found.counted, found.blocks)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 90), st.integers(0, 30)), min_size=1, max_size=12))
def test_no_request_is_lost_or_counted_twice(draws: list[tuple[int, int, int]]) -> None:
    """The canary gets all of them or none."""
    rows: list[Row] = [((canary, 0), (stable, 0)) for canary, stable, _ in draws]
    seen = given_up(evidence(strata([(50, 0)] * 20, rows)), [failed for _, _, failed in draws])
    changed, found = attribute(seen, RULES)
    before, after = (
        sum(one.canary.total for one in made.metrics[0].series[0].strata) for made in (seen, changed)
    )  # fmt: skip
    bad = sum(one.canary.bad for one in changed.metrics[0].series[0].strata)

    assert (after - before, bad) == (found.counted, found.counted)
    assert found.counted in {0, sum(failed for _, _, failed in draws)}
    everything = Counts(sum(sum(row) for row in draws), sum(failed for _, _, failed in draws))
    assert found.since == (everything if everything.bad else Counts(0, 0))
