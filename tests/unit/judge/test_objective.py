"""No pass above the objective, nor with a difference beyond doubt, whatever happened to stable before."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.judge import Rules, judge
from steps.judge.comparison.large_difference import large_difference
from steps.judge.statistics.exact_tests import upper_tail
from steps.model.evidence import Counts, MetricKind, Series
from steps.model.judgement import ReasonCode, Verdict
from tests.support.evidence_rows import Row, evenly, evidence, incident, metric, sound, strata
from tests.support.simulated_rollouts import binomial

RULES = Rules()
NO_SLO = replace(RULES, success_slo=None)
CALM = evenly(450, 2, 120)
INCIDENT = incident(450, 135, 36, 120)
"""Three of the last ten minutes stable failed 30 % of its requests."""


def drawn(seed: int, share: float, count: int, requests: int = 25) -> list[Row]:
    """Draw a canary that fails this share beside a stable that fails .1 %."""
    chance = random.Random(seed)
    return [((requests, binomial(chance, requests, share)), (450, binomial(chance, 450, 0.001))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(12))
def test_after_an_incident_of_stable_no_bad_canary_passes(seed: int) -> None:
    """5 % against .1 %, judged after every scrape of two minutes; without an objective after two minutes."""
    rows = drawn(seed, 0.05, 24)
    for seen in range(6, 25):
        judgement = judge(evidence(strata(INCIDENT, rows[:seen])), None, RULES, deadline_reached=False)
        assert judgement.verdict is not Verdict.PASS, (seen, judgement.reason)
    judgement = judge(evidence(strata(INCIDENT, rows)), None, NO_SLO, deadline_reached=False)
    assert judgement.verdict is not Verdict.PASS, judgement.reason


def test_at_the_deadline_it_is_inconclusive_and_names_the_counts() -> None:
    """The counts, the objective and its setting."""
    rows: list[Row] = [((25, 1), (450, 3)), ((25, 1), (450, 4))] * 3
    judgement = judge(evidence(strata(INCIDENT, rows)), None, RULES, deadline_reached=True)

    assert (Verdict.INCONCLUSIVE, ReasonCode.ABOVE_OBJECTIVE) == (judgement.verdict, judgement.code)
    assert judgement.reason == (
        "canary 6/150 = 4.0 % failed at this weight v. stable 21/2700 = 0.78 %: above the objective"
        " (at most 1.0 %, --success-slo), which stable meets; not passing"
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_good_canary_just_within_the_objective_passes(seed: int) -> None:
    """.9 % in both arms at an objective of 1 %, in at most a few scrapes more."""
    chance = random.Random(seed)
    rows = [((50, binomial(chance, 50, 0.009)), (450, binomial(chance, 450, 0.009))) for _ in range(60)]
    past = [(500, binomial(chance, 500, 0.009)) for _ in range(120)]
    verdicts = [
        judge(evidence(strata(past, rows[:seen])), None, RULES, deadline_reached=False).verdict for seen in (12, 30, 60)
    ]

    assert Verdict.PASS in verdicts


def test_a_late_fault_does_not_hide_in_the_mean() -> None:
    """Ten good minutes, then 8 % for three scrapes: .2 % since the start of the rung."""
    rows: list[Row] = [*[((50, 0), (450, 0))] * 120, *[((50, 4), (450, 0))] * 3]
    judgement = judge(evidence(strata(INCIDENT, rows)), None, RULES, deadline_reached=True)

    assert judgement.verdict is not Verdict.PASS


def test_an_early_fault_is_excused_by_a_rung_that_surely_meets_the_objective() -> None:
    """A first rung above the objective that somebody approved, and then a good one with many requests."""
    early: list[Row] = [((50, 1), (450, 4)), ((50, 2), (450, 4))] * 3
    late: list[Row] = [((250, 0), (250, 0))] * 12
    passed = judge(
        evidence(strata(evenly(450, 1, 120), early + late), weight=50, rung_started=30.0), None, RULES,
        deadline_reached=False,
    )  # fmt: skip
    few = judge(
        evidence(strata(evenly(450, 1, 120), [*early, *[((20, 0), (250, 0))] * 3]), weight=50, rung_started=30.0), None,
        RULES, deadline_reached=True,
    )  # fmt: skip

    assert Verdict.PASS is passed.verdict, passed.reason
    assert Verdict.PASS is not few.verdict


def test_an_outage_of_both_arms_counts_against_neither() -> None:
    """It hit both in the same scrapes and is over: now both meet the objective."""
    rows: list[Row] = [((50, 15), (450, 135))] * 4 + [((50, 0), (450, 0))] * 20
    judgement = judge(evidence(strata(CALM, rows)), None, RULES, deadline_reached=False)

    assert Verdict.PASS is judgement.verdict, judgement.reason


def test_a_latency_objective_works_the_same_way() -> None:
    """8 % slower than the bound against none; stable's history keeps the evidence small."""
    rows: list[Row] = [((25, 1), (450, 3)), ((25, 1), (450, 4))] * 3
    slow = strata(INCIDENT, rows)
    latency = metric(MetricKind.LATENCY, Series(sound(slow), 100.0, "p99"), objective=Series(slow, 500.0))
    judgement = judge(
        evidence(sound(slow), latency), None, replace(RULES, latency_slo=0.01, latency_limit_ms=400.0),
        deadline_reached=True,
    )  # fmt: skip

    assert (Verdict.INCONCLUSIVE, ReasonCode.ABOVE_OBJECTIVE) == (judgement.verdict, judgement.code)
    assert "slower than 500 ms (the bucket bound above 400 ms) at this weight v. stable 21/2700" in judgement.reason
    assert "--latency-slo" in judgement.reason


def test_a_latency_objective_that_cannot_be_checked_blocks_a_pass() -> None:
    """No buckets, or none of the canary's."""
    rules = replace(RULES, latency_slo=0.01)
    good = strata(CALM, [((50, 0), (450, 0))] * 12)
    silent = tuple(replace(stratum, canary=Counts(0, 0)) for stratum in good)
    without = metric(MetricKind.LATENCY, Series(good, 100.0, "p99"))
    empty = replace(without, objective=Series(silent, 500.0))

    for latency, words in ((without, "there are no buckets"), (empty, "no request with a duration")):
        judgement = judge(evidence(good, latency), None, rules, deadline_reached=True)
        assert (Verdict.INCONCLUSIVE, ReasonCode.TOO_FEW) == (judgement.verdict, judgement.code)
        assert words in judgement.reason


def test_without_an_objective_a_difference_beyond_doubt_does_not_pass() -> None:
    """Over the rung, or over the run if the rung alone is too short; not once the rung shows that it is over."""
    bad: list[Row] = [((25, 1), (450, 0)), ((25, 2), (450, 1))] * 6
    sound: list[Row] = [((100, 0), (450, 0))] * 12

    def found(rows: list[Row], rung_started: float) -> str | None:
        window = large_difference(strata(INCIDENT, rows), 0.001, NO_SLO, rung_started)
        return None if window is None else window.name

    assert "at this weight" == found(bad, 0.0)
    assert found([*bad, ((25, 1), (450, 0))], 60.0) is not None
    assert found(bad[:2], 0.0) is None
    assert found(bad + sound, 60.0) is None


def test_a_batch_is_not_a_difference_beyond_doubt_if_stable_fails_in_batches() -> None:
    """Ten failures at once, as stable has them every minute."""
    past = [(450, 10 if number % 12 == 0 else 0) for number in range(120)]
    rows: list[Row] = [((50, 10 if number == 4 else 0), (450, 10 if number % 12 == 0 else 0)) for number in range(24)]
    judgement = judge(evidence(strata(past, rows)), None, NO_SLO, deadline_reached=False)

    assert Verdict.PASS is judgement.verdict, judgement.reason


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 6), st.integers(50, 400)), min_size=3, max_size=20),
    st.integers(0, 30), st.integers(0, 100), st.booleans(),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_a_pass_is_never_above_the_objective(
    draws: list[tuple[int, int, int]],
    length: int,
    bad: int,
    late: bool,  # noqa: FBT001
) -> None:
    """Whatever happened to stable before: plain counts of the rung against an objective that a healthy stable meets."""
    rows: list[Row] = [((total, min(total, failed)), (stable, 0)) for total, failed, stable in draws]
    seen = evidence(strata(incident(100, bad, length, 60), rows))
    judgement = judge(seen, None, RULES, deadline_reached=late)
    counts = Counts(sum(canary for (canary, _), _ in rows), sum(failed for (_, failed), _ in rows))

    assert judgement.verdict is not Verdict.PASS or upper_tail(counts, 0.01) >= 0.01


def test_half_of_all_requests_is_grossly_worse_whatever_stables_noise_is() -> None:
    """Stable fails in bursts again and again, so an exact test divided by their dispersion says little."""
    past = [(40, 30) if number % 12 < 2 else (40, 0) for number in range(120)]
    window = large_difference(strata(past, [((4, 2), (36, 0))] * 12), 0.001, NO_SLO, 0.0)

    assert window is not None
