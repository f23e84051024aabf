"""Verdicts as promises: what fails, what passes, what waits, and why."""

import json
import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.judge import PassRule, Rules, judge
from steps.judge.checks.sample_size import count_rung
from steps.model.evidence import (
    Counts,
    Evidence,
    Health,
    MetricEvidence,
    MetricKind,
    Problem,
    ProblemKind,
    Series,
    Stratum,
)
from steps.model.judgement import Verdict

RULES = Rules()
Pair = tuple[int, int]


def evidence(
    pairs: list[tuple[Pair, Pair]],
    *,
    aligned: bool = True,
    kind: MetricKind = MetricKind.ERRORS,
    weight: int | None = 10,
    problem: Problem | None = None,
) -> Evidence:
    """Make evidence of ((canary total, bad), (stable total, bad)) per second."""
    strata = tuple(Stratum(100.0 + i, 101.0 + i, Counts(*s), Counts(*c)) for i, (c, s) in enumerate(pairs))
    series = Series(strata, 250.0 if kind is MetricKind.LATENCY else None, "p99" if kind is MetricKind.LATENCY else "")
    metric = MetricEvidence(str(kind), kind, (series,), unit="ms" if kind is MetricKind.LATENCY else "")
    until = strata[-1].end if strata else 100.0
    return Evidence((metric,), 100.0, 100.0, until, 1.0, aligned=aligned, weight=weight, problem=problem)


GOOD = ((10, 0), (90, 0))
BAD = ((10, 10), (90, 0))


def test_total_failure_is_decided_at_the_second_scrape() -> None:
    """Four failed requests of four suffice if both arms are counted together."""
    first, second = ((2, 2), (36, 0)), ((2, 2), (38, 0))
    assert judge(evidence([first]), None, RULES, deadline_reached=False).verdict is Verdict.CONTINUE
    judgement = judge(evidence([first, second]), None, RULES, deadline_reached=False)
    assert judgement.verdict is Verdict.FAIL
    assert judgement.alarm_at == 102.0
    assert "canary 4/4 = 100 % failed v. stable 0/74 = 0 %" in judgement.reason
    assert "first alarm 00:01:42 UTC after 2 s; 2 scrapes" in judgement.reason


def test_total_failure_needs_three_scrapes_when_not_aligned() -> None:
    """Pods are scraped at different moments: three strata must agree."""
    verdicts = [
        judge(evidence([BAD] * n, aligned=False), None, RULES, deadline_reached=False).verdict for n in (1, 2, 3)
    ]
    assert verdicts == [Verdict.CONTINUE, Verdict.CONTINUE, Verdict.FAIL]


def test_a_healthy_canary_passes_and_the_sentence_says_what_would_have_been_caught() -> None:
    """Enough requests, nothing bad."""
    judgement = judge(evidence([GOOD] * 6), None, RULES, deadline_reached=False)
    assert judgement.verdict is Verdict.PASS
    assert judgement.reason.startswith(
        "healthy: errors canary 0/60 v. stable 0/540; with 60 canary requests in 6 scrapes"
    )
    assert "a rise to" in judgement.reason
    assert judgement.detectable_ratio is not None
    assert 0.05 < judgement.detectable_ratio < 0.3


def test_the_detectable_share_would_really_have_been_caught() -> None:
    """The number in the sentence is true: at that rate the judge does alarm."""
    share = judge(evidence([GOOD] * 6), None, RULES, deadline_reached=False).detectable_ratio
    assert share is not None
    bad = ((10, max(1, round(10 * share))), (90, 0))
    assert judge(evidence([bad] * 6), None, RULES, deadline_reached=False).verdict is Verdict.FAIL


def test_too_few_requests_wait_then_are_inconclusive() -> None:
    """Below the minimum there is no pass, not even at the deadline."""
    few = [((1, 0), (19, 0))] * 2
    assert judge(evidence(few), None, RULES, deadline_reached=False).code == "collecting"
    judgement = judge(evidence(few), None, RULES, deadline_reached=True)
    assert (judgement.verdict, judgement.code) == (Verdict.INCONCLUSIVE, "too-few")


@pytest.mark.parametrize(
    ("pairs", "early", "remedy"),
    [
        ([((1, 0), (19, 0))] * 2, "2 of 50 canary requests and 2 of 3 scrapes", "a higher weight or a longer deadline"),
        ([((1, 0), (19, 0))] * 4, "4 of 50 canary requests", "a higher weight or a longer deadline"),
        ([((60, 0), (90, 0))] * 2, "2 of 3 scrapes", "a longer deadline"),
    ],
)
def test_only_missing_data_is_named(pairs: list[tuple[Pair, Pair]], early: str, remedy: str) -> None:
    """A sentence with "9 of 3 scrapes" would only confuse."""
    early_reason = judge(evidence(pairs), None, RULES, deadline_reached=False).reason
    assert f"{early} seen at this weight" == early_reason
    assert f"{early_reason}; {remedy} would help" == judge(evidence(pairs), None, RULES, deadline_reached=True).reason


def test_too_early_names_the_time_not_the_requests() -> None:
    """Enough requests, but the minimum time on the rung has not passed: the sentence only names that."""
    rules, seen = replace(RULES, min_seconds=3600.0), evidence([((50, 0), (50, 0))] * 6)
    early, late = (judge(seen, None, rules, deadline_reached=late).reason for late in (False, True))
    assert "of at least 60 min at this weight have passed" in early
    nearly = judge(
        seen, None, replace(RULES, min_seconds=count_rung(seen).seconds + 0.3), deadline_reached=False
    ).reason
    had, needed = re.findall(r"\d+ s", nearly)
    assert had != needed
    assert late == f"{early}; the deadline of a rung must be longer than that"


def test_two_requests_a_second_are_promoted_in_two_minutes() -> None:
    """5 % of 2 requests a second: a dozen canary requests, and an honest sentence."""
    pairs = [((1 if i % 10 == 0 else 0, 0), (2, 0)) for i in range(121)]
    early = judge(evidence(pairs[:60], weight=5), None, RULES, deadline_reached=False)
    assert early.verdict is Verdict.CONTINUE
    judgement = judge(evidence(pairs, weight=5), None, RULES, deadline_reached=False)
    assert judgement.verdict is Verdict.PASS
    assert "13 canary requests" in judgement.reason


def test_no_data_is_never_a_pass() -> None:
    """Neither nothing at all, nor a canary without requests."""
    for pairs in ([], [((0, 0), (50, 0))] * 5):
        judgement = judge(evidence(pairs), None, RULES, deadline_reached=True)
        assert (judgement.verdict, judgement.code) == (Verdict.INCONCLUSIVE, "no-traffic")
    nothing = Evidence((), 100.0, 100.0, 100.0, 0.0, aligned=True)
    assert judge(nothing, None, RULES, deadline_reached=True).verdict is Verdict.INCONCLUSIVE


def test_a_silent_canary_is_reported_before_the_deadline() -> None:
    """Weight above 0, stable busy, canary silent."""
    judgement = judge(evidence([((0, 0), (50, 0))] * 40), None, RULES, deadline_reached=False)
    assert (judgement.verdict, judgement.code) == (Verdict.INCONCLUSIVE, "no-traffic")
    assert "no canary traffic" in judgement.reason


def test_one_early_request_does_not_make_later_silence_significant() -> None:
    """Low traffic is uneven: a single request is not a reliable split."""
    pairs = [((1, 0), (2, 0)), *[((0, 0), (2, 0))] * 60]
    assert judge(evidence(pairs, weight=5), None, RULES, deadline_reached=False).verdict is Verdict.CONTINUE


def test_a_problem_prevents_a_pass_but_not_a_fail() -> None:
    """Evidence from before the problem stays valid."""
    late = Problem(ProblemKind.METRICS_LATE, "the newest sample is old")
    good = evidence([GOOD] * 10, problem=late)
    assert judge(good, None, RULES, deadline_reached=False).verdict is Verdict.CONTINUE
    judgement = judge(good, None, RULES, deadline_reached=True)
    assert (judgement.verdict, judgement.code, judgement.reason) == (
        Verdict.INCONCLUSIVE, "metrics-late", "the newest sample is old",
    )  # fmt: skip
    assert judge(evidence([BAD] * 3, problem=late), None, RULES, deadline_reached=True).verdict is Verdict.FAIL


def test_both_arms_bad_is_inconclusive() -> None:
    """The guard waits while stable is above the objective too."""
    both = [((20, 2), (180, 18))] * 10
    judgement = judge(evidence(both), None, RULES, deadline_reached=True)
    assert (judgement.verdict, judgement.code) == (Verdict.INCONCLUSIVE, "both-arms-bad")


def test_guard_sees_what_the_ratio_tolerates() -> None:
    """Stable just within the objective, the canary above it by less than the tolerated ratio or floor."""
    rules = replace(RULES, floors={**RULES.floors, MetricKind.ERRORS: 0.5})
    judgement = judge(evidence([((500, 30), (4500, 20))] * 8), None, rules, deadline_reached=False)
    assert (judgement.verdict, judgement.code) == (Verdict.FAIL, "guard")


@pytest.mark.parametrize(
    ("health", "verdict", "code"),
    [
        (Health(2, 2), Verdict.PASS, "healthy"),
        (Health(2, 1, unready_seconds=5), Verdict.CONTINUE, "canary-not-ready"),
        (Health(2, 1, unready_seconds=90), Verdict.FAIL, "canary-unhealthy"),
        (Health(2, 0, unready_seconds=6), Verdict.FAIL, "canary-unhealthy"),
        (Health(2, 2, restarts=2), Verdict.PASS, "healthy"),
        (Health(2, 2, restarts=3, detail="OOMKilled"), Verdict.FAIL, "canary-unhealthy"),
        (Health(2, 2, vanished=1), Verdict.PASS, "healthy"),
    ],
)
def test_health_of_the_pods(health: Health, verdict: Verdict, code: str) -> None:
    """Crashes and lost readiness count without any request."""
    judgement = judge(evidence([GOOD] * 6), health, RULES, deadline_reached=False)
    assert (judgement.verdict, judgement.code) == (verdict, code)


def test_latency_is_judged_and_named() -> None:
    """Requests slower than stable's own p99 bound."""
    judgement = judge(
        evidence([((50, 20), (450, 4))] * 5, kind=MetricKind.LATENCY), None, RULES, deadline_reached=False
    )
    assert judgement.verdict is Verdict.FAIL
    assert "slower than 250 ms (stable's p99)" in judgement.reason
    assert "times stable's rate (99 % confidence)" in judgement.reason


def test_proven_needs_more_than_no_harm() -> None:
    """The stricter rule only passes with enough data."""
    rules = replace(RULES, pass_rule=PassRule.PROVEN)
    assert judge(evidence([GOOD] * 6), None, rules, deadline_reached=True).code == "not-proven"
    judgement = judge(evidence([((100, 0), (900, 1))] * 30), None, rules, deadline_reached=False)
    assert (judgement.verdict, judgement.code) == (Verdict.PASS, "proven")


def test_a_rung_counts_its_own_requests() -> None:
    """A later rung does not pass on the requests of the earlier one."""
    seen = replace(evidence([GOOD] * 20), rung_started=119.0)
    assert judge(seen, None, RULES, deadline_reached=False).code == "collecting"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 99), st.integers(0, 99)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_every_judgement_is_valid_json_and_has_a_small_form(draws: list[tuple[int, int, int, int]]) -> None:
    """Any counts give a verdict, never `continue` at the deadline; both forms are valid, the small one is short."""
    pairs = [((max(a, b), min(a, b)), (max(c, d), min(c, d))) for a, b, c, d in draws]
    judgement = judge(evidence(pairs), None, RULES, deadline_reached=True)
    assert judgement.verdict is not Verdict.CONTINUE
    text = json.dumps(judgement.to_json(), allow_nan=False)
    assert json.loads(text)["version"] == 1
    assert len(judgement.small().encode()) <= 600
    assert json.loads(judgement.small())["verdict"] == judgement.verdict


def judging_seconds(count: int) -> float:
    """Return the minimum of the CPU time of three judgements of four metrics with so many strata."""
    pods = tuple(Counts(20, 6) for _ in range(5))
    strata = tuple(Stratum(i, i + 1.0, Counts(100, 30), Counts(10, 3), pods) for i in range(count))
    metrics = tuple(MetricEvidence(str(i), MetricKind.CUSTOM, (Series(strata),)) for i in range(4))
    whole, taken = Evidence(metrics, 0.0, 0.0, float(count), 1.0, aligned=False), list[float]()
    for _ in range(3):
        begin = time.process_time()
        judge(whole, None, RULES, deadline_reached=False)
        taken.append(time.process_time() - begin)
    return min(taken)


def test_the_time_of_a_judgement_grows_with_its_strata_and_not_with_their_square() -> None:
    """Four times the strata take about four times as long; `make bench` has the seconds."""
    assert judging_seconds(480) < 9.0 * judging_seconds(120)


def test_at_weight_100_without_a_reference_the_guard_judges_alone_and_says_so() -> None:
    """There is nothing to compare with, which is not a reason to roll back a healthy canary."""
    judgement = judge(evidence([((40, 0), (0, 0))] * 4, weight=100), None, RULES, deadline_reached=False)
    assert judgement.verdict is Verdict.PASS
    assert judgement.reason.startswith("healthy at weight 100: errors 0/160 (at most 1.0 % by --success-slo)")


def test_at_weight_100_a_failing_canary_fails_by_the_guard() -> None:
    """A stable without requests excuses nothing when the canary has all the traffic."""
    judgement = judge(evidence([((40, 30), (0, 0))] * 6, weight=100), None, RULES, deadline_reached=False)
    assert (Verdict.FAIL, "guard") == (judgement.verdict, judgement.code)


def with_past(past: list[Pair], exposed: list[tuple[Pair, Pair]]) -> Evidence:
    """Make evidence with stable's past (total, bad) before the canary's first request."""
    made = evidence([((0, 0), counts) for counts in past] + exposed)
    return replace(made, started=100.0 + len(past), rung_started=100.0 + len(past))


def test_an_outage_in_stables_history_hides_no_total_failure() -> None:
    """Six seconds of outage within the last minute once let a canary pass that failed everything."""
    past = [(40, 40) if 20 <= second < 26 else (40, 0) for second in range(60)]
    judgement = judge(with_past(past, [((4, 4), (36, 0))] * 3), None, RULES, deadline_reached=False)
    assert Verdict.FAIL is judgement.verdict


def test_a_grossly_worse_canary_never_passes_whatever_stables_noise_is() -> None:
    """Stable fails in bursts so large that evidence stays small, but half of the canary's requests failed."""
    past = [(40, 6) if second % 10 == 0 else (40, 0) for second in range(100)]
    judgement = judge(with_past(past, [((4, 2), (36, 0))] * 14), None, RULES, deadline_reached=False)
    assert Verdict.PASS is not judgement.verdict


def test_nothing_passes_if_not_even_a_total_failure_would_have_been_caught() -> None:
    """A pass says what would have been caught; if that is nothing, there is no pass, unless the canary is better."""
    exposed = [((1, 1), (1, 1))] * 60
    judgement = judge(evidence(exposed), None, replace(RULES, success_slo=None), deadline_reached=True)
    assert Verdict.INCONCLUSIVE is judgement.verdict
