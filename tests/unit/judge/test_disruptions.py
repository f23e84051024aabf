"""Pods that the cluster took away: waited for, never counted against the version, and never a pass meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steps.judge import Rules, judge
from steps.judge.filters.disruptions import without_disruptions
from steps.model.evidence import (
    Counts,
    Evidence,
    Health,
    LatencyObjective,
    MetricEvidence,
    MetricKind,
    Problem,
    ProblemKind,
    Series,
    Stratum,
)
from steps.model.judgement import ReasonCode, Verdict

WHAT = "pod shop-canary-1 was evicted"
OPEN = ((40.0, 0.0, WHAT),)
OVER = ((40.0, 80.0, WHAT),)
GOOD, BAD, NONE = Counts(50, 0), Counts(50, 50), Counts(0, 0)


def evidence(bad: range = range(40, 80), until: int = 140, rung_started: float = 0.0) -> Evidence:
    """Make strata of 5 s in which the canary fails all requests of some seconds."""
    strata = tuple(
        Stratum(at, at + 5, Counts(450, 1), BAD if at in bad else GOOD, unattributed=7 if at in bad else 0)
        for at in range(0, until, 5)
    )
    metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),), objective=Series(strata, 500.0)),)
    return Evidence(metrics, 0.0, rung_started, float(until), 5.0, aligned=True, weight=10)


def gone(seconds: float = 20.0, **more: object) -> Health:
    """Return the health of a canary that lost its pod by a disruption."""
    return replace(Health(1, 0, seconds, disruption=WHAT, disrupted=OPEN), **more)  # type: ignore[arg-type] # any field


def verdict(one: Evidence, health: Health, *, late: bool = False, **rules: float) -> tuple[Verdict, str]:
    """Judge."""
    found = judge(one, health, Rules(**rules), deadline_reached=late)  # type: ignore[arg-type] # any field
    return found.verdict, found.code


def test_errors_of_a_disruption_do_not_count_against_the_version() -> None:
    """Without it the same requests fail the canary, whichever metric or guard looks at them."""
    assert (Verdict.FAIL, ReasonCode.WORSE) == verdict(evidence(), Health(1, 1))
    assert (Verdict.PASS, ReasonCode.HEALTHY) == verdict(evidence(), Health(1, 1, disrupted=OVER))
    assert (Verdict.FAIL, ReasonCode.WORSE) == verdict(evidence(range(80, 140)), Health(1, 1, disrupted=OVER))


def test_a_note_says_what_is_left_out() -> None:
    """In the notes, with times and cause."""
    notes = judge(evidence(), Health(1, 1, disrupted=OVER), Rules(), deadline_reached=False).notes

    assert f"canary requests from 00:00:40 UTC to 00:01:20 UTC are left out: {WHAT}" in notes


def test_failures_that_name_no_service_are_left_out_too() -> None:
    """They are a part of the unattributed ones; if they stayed, counts would become negative."""
    strata = tuple(
        Stratum(at, at + 5, Counts(450, 1), GOOD if at >= 0 else NONE, unattributed=3 * (at >= 0), nowhere=int(at >= 0))
        for at in range(-200, 140, 5)
    )
    one = replace(evidence(), metrics=(MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),)),))

    judgement = judge(one, Health(1, 1, disrupted=OVER), Rules(), deadline_reached=False)

    assert all(row.canary_total >= 0 for row in judgement.table)


def test_all_of_a_scrape_is_left_out_and_nothing_else() -> None:
    """All that overlaps: the canary's counts, unattributed ones, the latency objective's; stable's stay."""
    metric = without_disruptions(evidence(), Health(1, 1, disrupted=((42.0, 50.0, WHAT),))).metrics[0]
    assert metric.objective is not None
    for series in (metric.series[0], metric.objective):
        out = [stratum for stratum in series.strata if stratum.canary == NONE]
        assert [40.0, 45.0] == [stratum.start for stratum in out]
        assert [(0, Counts(450, 1))] * 2 == [(stratum.unattributed, stratum.stable) for stratum in out]
    assert LatencyObjective(0.99, 500.0).limit_ms == metric.objective.bound


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        (gone(), (Verdict.CONTINUE, ReasonCode.DISRUPTED)),
        (gone(599.0), (Verdict.CONTINUE, ReasonCode.DISRUPTED)),
        (gone(600.0), (Verdict.INCONCLUSIVE, ReasonCode.DISRUPTED)),
        (gone(disruption=""), (Verdict.FAIL, ReasonCode.UNHEALTHY)),
        (gone(restarts=3), (Verdict.FAIL, ReasonCode.UNHEALTHY)),
        (Health(3, 2, 90.0, disruption=WHAT, disrupted=OVER), (Verdict.CONTINUE, ReasonCode.DISRUPTED)),
        (Health(3, 2, 90.0, disrupted=OVER), (Verdict.FAIL, ReasonCode.UNHEALTHY)),
        (gone(disrupted=OVER * 3 + OPEN), (Verdict.INCONCLUSIVE, ReasonCode.DISRUPTED)),
        (Health(1, 1, disrupted=OVER * 4), (Verdict.PASS, ReasonCode.HEALTHY)),
    ],
)
def test_missing_pods_are_waited_for_as_long_as_a_disruption_explains_them(
    health: Health, expected: tuple[Verdict, str]
) -> None:
    """All gone or some; a crash fails as always; too long or too often is inconclusive, never a failure or a pass."""
    assert expected == verdict(evidence(), health)


def test_the_limits_are_rules() -> None:
    """0 s waits for nothing; other limits change what is still waited for."""
    assert (Verdict.INCONCLUSIVE, ReasonCode.DISRUPTED) == verdict(evidence(), gone(0.0), disruption_seconds=0)
    down, some = Health(1, 0, 20.0), Health(2, 1, 20.0)
    assert (Verdict.CONTINUE, ReasonCode.NOT_READY) == verdict(evidence(range(0)), down, down_fail_seconds=30)
    assert (Verdict.FAIL, ReasonCode.UNHEALTHY) == verdict(evidence(range(0)), some, unready_fail_seconds=20)


def test_a_deadline_during_a_disruption_is_inconclusive() -> None:
    """With the pod, its cause and what is known of the replacement in the sentence."""
    health = gone(detail="pod shop-canary-2 finds no node: 0/3 nodes are available.")
    found = judge(evidence(), health, Rules(), deadline_reached=True)

    assert (Verdict.INCONCLUSIVE, ReasonCode.DISRUPTED) == (found.verdict, found.code)
    assert found.reason == (
        f"{WHAT}, which says nothing about the version; 0 of 1 ready; waiting for up to 10 min (--disruption-seconds);"
        " pod shop-canary-2 finds no node: 0/3 nodes are available"
    )


def test_silence_during_a_disruption_is_not_missing_traffic() -> None:
    """Neither during it, nor right after it; later it is again."""
    silent = evidence(range(0))
    strata = silent.metrics[0].series[0].strata
    quiet = tuple(replace(one, canary=NONE) if one.start >= 40 else one for one in strata)
    silent = replace(silent, metrics=(replace(silent.metrics[0], series=(Series(quiet),)),))
    trouble = replace(silent, problem=Problem(ProblemKind.METRICS_LATE, "late"))

    assert (Verdict.CONTINUE, ReasonCode.DISRUPTED) == verdict(silent, gone())
    assert (Verdict.CONTINUE, ReasonCode.DISRUPTED) == verdict(trouble, gone())
    assert ReasonCode.NO_TRAFFIC != verdict(silent, Health(1, 1, disrupted=((40.0, 135.0, WHAT),)))[1]
    assert (Verdict.INCONCLUSIVE, ReasonCode.NO_TRAFFIC) == verdict(
        silent, Health(1, 1, disrupted=((40.0, 60.0, WHAT),))
    )


def test_an_alarm_from_before_still_counts() -> None:
    """Requests from before the disruption count."""
    assert (Verdict.FAIL, ReasonCode.WORSE) == verdict(evidence(range(10, 40)), gone())
