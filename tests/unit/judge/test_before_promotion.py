"""The last weight of a ladder waits while the canary may still be far above an objective: after it, all users go."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from steps.judge import Rules, judge
from steps.model.evidence import MetricKind, Series
from steps.model.judgement import Judgement, ReasonCode, Verdict
from tests.support.evidence_rows import Row, evenly, evidence, metric, sound, strata
from tests.support.simulated_rollouts import binomial

RULES = Rules()
PAST = evenly(450, 4, 120)


def judged(
    rows: list[Row], rules: Rules = RULES, *, last: bool = True, late: bool = False, rung_started: float = 0.0
) -> Judgement:
    """Judge rows of 5 s at weight 50."""
    seen = evidence(strata(PAST, rows), weight=50, rung_started=rung_started)
    return judge(replace(seen, before_promotion=last), None, rules, deadline_reached=late)


def quiet(requests: int, count: int) -> list[Row]:
    """Make scrapes in which nothing fails."""
    return [((requests, 0), (requests, 0))] * count


def test_sixty_requests_without_a_failure_are_enough_on_earlier_rungs_only() -> None:
    """60 requests of a canary that fails 5 % are without a failure in 5 cases of 100."""
    assert judged(quiet(10, 6), last=False).verdict is Verdict.PASS

    waits = judged(quiet(10, 6))

    assert (Verdict.CONTINUE, ReasonCode.COLLECTING) == (waits.verdict, waits.code)
    assert waits.reason == (
        "canary 0/60 = 0 % failed at this weight: too few requests to rule out 5.0 %, 5 times what --success-slo"
        " allows; before the promotion this is waited for, at most 120 s"
    )


@pytest.mark.parametrize(("requests", "verdict"), [(148, Verdict.CONTINUE), (149, Verdict.PASS)])
def test_it_ends_when_chance_explains_five_times_the_objective_in_less_than_one_case_of_two_thousand(
    requests: int, verdict: Verdict
) -> None:
    """.95 to the power of 149 is .00048."""
    assert judged([*quiet(20, 6), ((requests - 120, 0), (30, 0))]).verdict is verdict


def test_the_requests_of_earlier_rungs_count() -> None:
    """30 s at the last weight, and a minute before."""
    assert judged(quiet(10, 18), rung_started=60.0).verdict is Verdict.PASS
    assert judged(quiet(10, 6), rung_started=0.0).verdict is Verdict.CONTINUE


def test_patience_and_the_deadline_end_it() -> None:
    """A service with 1 request a second is released in two minutes, as before."""
    assert judged(quiet(5, 23)).verdict is Verdict.CONTINUE
    assert judged(quiet(5, 24)).verdict is Verdict.PASS
    assert judged(quiet(10, 6), late=True).verdict is Verdict.PASS
    assert judged(quiet(10, 6), replace(RULES, patience_seconds=30.0)).verdict is Verdict.PASS


def test_it_asks_nothing_where_there_is_no_objective_that_five_times_could_exceed() -> None:
    """No objective, and one that allows a fifth of the requests to fail."""
    for objective in (None, 0.8):
        assert judged(quiet(10, 6), replace(RULES, success_slo=objective)).verdict is Verdict.PASS


def test_a_latency_objective_is_asked_the_same_way() -> None:
    """Nothing fails, and the requests are fast: only there are few."""
    counted = strata(PAST, quiet(10, 6))
    latency = metric(MetricKind.LATENCY, Series(sound(counted), 100.0, "p99"), objective=Series(sound(counted), 500.0))
    seen = replace(evidence(sound(counted), latency, weight=50), before_promotion=True)
    waits = judge(seen, None, replace(RULES, success_slo=None, latency_slo=0.01), deadline_reached=False)

    assert (Verdict.CONTINUE, "latency") == (waits.verdict, waits.metric)
    assert "0/60 = 0 % slower than 500 ms at this weight" in waits.reason
    assert "--latency-slo" in waits.reason


def test_nothing_is_waited_for_while_stable_misses_the_objective() -> None:
    """Stable fails 4 %; then other questions decide. One failure of few requests says nothing yet."""
    rows: list[Row] = [((10, 0), (25, 0)), *[((10, 0), (10, 0))] * 5]
    assert judged([((10, 0), (25, 1)), *rows[1:]]).verdict is Verdict.CONTINUE
    rows = [((10, 0), (50, 2))] * 6
    assert "rule out" not in judged(rows).reason


def test_no_canary_of_five_percent_passes_in_the_first_minute_of_the_last_rung() -> None:
    """5 requests a second, judged after every scrape: on earlier rungs some of these pass."""
    passed = {True: 0, False: 0}
    for seed in range(40):
        chance = random.Random(seed)
        rows: list[Row] = [((25, binomial(chance, 25, 0.05)), (25, binomial(chance, 25, 0.001))) for _ in range(12)]
        for last in passed:
            seen = (judged(rows[:count], last=last).verdict for count in range(3, 13))
            passed[last] += Verdict.PASS in seen

    assert passed[True] == 0
    assert passed[False] > 5
