"""A canary that is better beyond doubt passes: the fix of a broken stable reaches its users."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from steps.judge import PassRule, Rules, judge
from steps.judge.comparison.superiority import ratio_upper_limit
from steps.model.evidence import MetricKind, Series
from steps.model.judgement import ReasonCode, Verdict
from tests.support.evidence_rows import Pair, Row, evenly, evidence, metric, sound, strata
from tests.support.simulated_rollouts import binomial

RULES = Rules()
ROWS: list[Row] = [((10, 0), (40, 40))] * 6


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("slo", [0.99, None])
@pytest.mark.parametrize("past", ["none", "sound", "broken"])
def test_a_good_canary_next_to_a_broken_stable_passes_as_better(share: float, slo: float | None, past: str) -> None:
    """Stable fails all or 30 %, since just now or always, with an objective or without."""
    chance = random.Random(1)
    before: list[Pair] = {
        "none": [],
        "sound": evenly(200, 4, 120),
        "broken": [(200, binomial(chance, 200, share)) for _ in range(120)],
    }[past]
    rows: list[Row] = [((20, 0), (180, binomial(chance, 180, share))) for _ in range(12)]
    judgement = judge(evidence(strata(before, rows)), None, replace(RULES, success_slo=slo), deadline_reached=False)

    assert (Verdict.PASS, ReasonCode.BETTER) == (judgement.verdict, judgement.code), judgement.reason
    assert judgement.reason.startswith("better: errors canary 0/240 v. stable ")
    assert "times stable's failure rate (99 % confidence), with 240 canary requests in 12 scrapes" in judgement.reason


def test_better_needs_requests_scrapes_and_time_as_any_pass() -> None:
    """Ten requests are not enough, nor two scrapes, nor a part of the minimum time."""
    few = judge(evidence(strata([], [((2, 0), (40, 40))] * 5)), None, RULES, deadline_reached=False)
    two = judge(evidence(strata([], [((50, 0), (40, 40))] * 2)), None, RULES, deadline_reached=False)
    early = judge(evidence(strata([], ROWS)), None, replace(RULES, min_seconds=60.0), deadline_reached=False)

    assert [ReasonCode.COLLECTING] * 3 == [few.code, two.code, early.code]


def test_two_bad_arms_are_still_inconclusive() -> None:
    """Half as bad as a broken stable is bad."""
    rows: list[Row] = [((50, 15), (450, 270))] * 12
    judgement = judge(evidence(strata(evenly(450, 4, 60), rows)), None, RULES, deadline_reached=True)

    assert (Verdict.INCONCLUSIVE, ReasonCode.SHARED) == (judgement.verdict, judgement.code)


@pytest.mark.parametrize(("canary", "stable"), [(0.3, 0.6), (0.08, 0.3), (0.3, 0.3), (0.15, 1.0)])
def test_a_canary_that_fails_less_but_still_a_lot_is_never_called_healthy(canary: float, stable: float) -> None:
    """No matter how few requests a scrape has, at every fifth judgement: four of the canary's in one show little."""
    for seed in range(4):
        chance = random.Random(seed)
        rows: list[Row] = [((4, binomial(chance, 4, canary)), (8, binomial(chance, 8, stable))) for _ in range(60)]
        for end in range(15, 61, 5):
            given = strata([(8, binomial(chance, 8, stable)) for _ in range(60)], rows[:end])
            judgement = judge(evidence(given), None, RULES, deadline_reached=True)
            assert ReasonCode.HEALTHY is not judgement.code, (seed, end, judgement.reason)


def test_both_arms_far_above_the_objective_are_named_with_their_counts() -> None:
    """And what helps."""
    rows: list[Row] = [((4, 2 if n % 3 == 0 else 0), (8, 4)) for n in range(29)]
    judgement = judge(evidence(strata([(8, 4)] * 60, rows)), None, RULES, deadline_reached=True)

    assert (Verdict.INCONCLUSIVE, ReasonCode.SHARED) == (judgement.verdict, judgement.code)
    said = "both arms are out of bounds: canary 20/116 = 17.2 % failed at this weight v. stable 116/232 = 50.0 %"
    assert judgement.reason.startswith(said)
    assert "allow more with --success-slo" in judgement.reason


def test_an_outage_of_both_arms_that_is_over_does_not_block_a_good_canary() -> None:
    """It failed together with stable, and now both are fine."""
    rows: list[Row] = [((50, 0), (200, 0))] * 4 + [((50, 25), (200, 100))] * 4 + [((50, 0), (200, 0))] * 13
    judgement = judge(evidence(strata(evenly(200, 4, 60), rows)), None, RULES, deadline_reached=False)

    assert Verdict.PASS is judgement.verdict, judgement.reason


def test_noise_does_not_block_a_service_that_is_always_near_its_objective() -> None:
    """1.5 % in both arms, 1 % allowed."""
    for seed in range(4):
        chance = random.Random(seed)
        rows: list[Row] = [((20, binomial(chance, 20, 0.015)), (180, binomial(chance, 180, 0.015))) for _ in range(40)]
        past: list[Pair] = [(200, binomial(chance, 200, 0.015)) for _ in range(120)]
        verdicts = {
            judge(evidence(strata(past, rows[:end])), None, RULES, deadline_reached=False).verdict
            for end in range(8, 40, 4)
        }
        assert Verdict.PASS in verdicts, seed


def test_stray_failures_within_the_objective_do_not_block_a_better_canary() -> None:
    """Three of 450 in the last scrapes is not plainly above 1 %."""
    rows: list[Row] = [*[((150, 0), (450, 450))] * 9, *[((150, 1), (450, 450))] * 3]
    judgement = judge(evidence(strata([], rows)), None, RULES, deadline_reached=False)

    assert (Verdict.PASS, ReasonCode.BETTER) == (judgement.verdict, judgement.code), judgement.reason


def test_another_metric_that_speaks_against_it_blocks_it() -> None:
    """It answers, but half of its bodies are empty; stable's few answers are not."""
    errors = strata([], [((20, 0), (180, 60))] * 12)
    bodies = strata([], [((20, 10), (120, 0))] * 12)
    small = metric(MetricKind.SMALL_BODIES, Series(bodies, 200.0))

    assert Verdict.PASS is not judge(evidence(errors, small), None, RULES, deadline_reached=False).verdict


def test_failures_that_are_answered_at_once_do_not_make_a_working_canary_slow() -> None:
    """Stable fails in no time: the canary's work is not compared with that, and the note says so."""
    errors = strata([], [((20, 0), (180, 180))] * 12)
    slow = strata([], [((20, 18), (180, 0))] * 12)
    latency = metric(MetricKind.LATENCY, Series(slow, 5.0, "p99"))
    judgement = judge(evidence(errors, latency), None, RULES, deadline_reached=False)

    assert (Verdict.PASS, ReasonCode.BETTER) == (judgement.verdict, judgement.code), judgement.reason
    assert any("latency is not compared" in note for note in judgement.notes)


@pytest.mark.parametrize("failed", [180, 54])
def test_usual_answers_are_not_harm_next_to_failures_without_an_answer(failed: int) -> None:
    """Every tenth answer is 404, as always; stable's failed requests have no class of answer."""
    errors = strata([], [((20, 0), (180, failed))] * 12)
    missing = strata([], [((20, 2), (180, (180 - failed) // 10))] * 12)
    answers = metric(MetricKind.ANSWERS, Series(missing, label="4xx"))
    judgement = judge(evidence(errors, answers), None, RULES, deadline_reached=False)

    assert (Verdict.PASS, ReasonCode.BETTER) == (judgement.verdict, judgement.code), judgement.reason


@pytest.mark.parametrize("failed", [180, 54])
def test_404_for_everything_is_not_a_fix(failed: int) -> None:
    """No request of the canary fails, and none is served."""
    errors = strata([], [((20, 0), (180, failed))] * 12)
    missing = strata([], [((20, 20), (180, 0))] * 12)
    answers = metric(MetricKind.ANSWERS, Series(missing, label="4xx"))
    judgement = judge(evidence(errors, answers), None, RULES, deadline_reached=True)

    assert (Verdict.FAIL if failed < 180 else Verdict.INCONCLUSIVE) is judgement.verdict
    assert judgement.reason.startswith("canary 240/240 = 100 % answered 4xx")


def test_the_latency_objective_applies_all_the_same() -> None:
    """Next to a stable that fails at once, a canary above its own latency objective does not pass."""
    errors = strata([], [((20, 0), (180, 180))] * 12)
    slow = strata([], [((20, 18), (180, 0))] * 12)
    latency = metric(MetricKind.LATENCY, Series(slow, 5.0, "p99"), objective=Series(slow, 500.0))
    judgement = judge(evidence(errors, latency), None, replace(RULES, latency_slo=0.01), deadline_reached=False)

    assert Verdict.FAIL is judgement.verdict, judgement.reason


def test_a_canary_that_meets_the_latency_objective_next_to_a_slow_stable_is_better() -> None:
    """Stable misses the objective for 60 % of its requests."""
    rows: list[Row] = [((20, 0), (180, 108))] * 12
    slow = strata([], rows)
    latency = metric(MetricKind.LATENCY, Series(sound(slow), 1000.0, "p99"), objective=Series(slow, 500.0))
    judgement = judge(evidence(sound(slow), latency), None, replace(RULES, latency_slo=0.01), deadline_reached=False)

    assert (Verdict.PASS, ReasonCode.BETTER) == (judgement.verdict, judgement.code), judgement.reason


def test_neither_must_detect_nor_proven_stops_a_better_canary() -> None:
    """Nothing worse than such a stable could be shown, and "better" is more than "proven"."""
    blunt = judge(evidence(strata([], ROWS)), None, replace(RULES, must_detect=0.01), deadline_reached=False)
    proven = judge(
        evidence(strata([], [((200, 0), (40, 40))] * 12)), None, replace(RULES, pass_rule=PassRule.PROVEN),
        deadline_reached=False,
    )  # fmt: skip

    assert [(Verdict.PASS, ReasonCode.BETTER)] * 2 == [(one.verdict, one.code) for one in (blunt, proven)], (
        proven.reason
    )


def test_an_incident_of_stable_that_is_over_does_not_make_a_canary_better() -> None:
    """Beyond doubt over the run, but not any longer."""
    rows: list[Row] = [*[((20, 0), (180, 180))] * 6, *[((20, 0), (180, 0))] * 20]

    assert ratio_upper_limit(strata([], rows[:6]), 0.01, 1.0) is not None
    assert ratio_upper_limit(strata([], rows), 0.01, 1.0) is None


def test_equal_arms_are_hardly_ever_called_better() -> None:
    """At 30 % failures in both, judged after every scrape: at most one in a hundred."""
    chance, found = random.Random(7), 0
    for _ in range(60):
        rows: list[Row] = [((20, binomial(chance, 20, 0.3)), (80, binomial(chance, 80, 0.3))) for _ in range(30)]
        found += any(ratio_upper_limit(strata([], rows[:seen]), 0.01, 1.0) is not None for seen in range(3, 31))

    assert found <= 1
