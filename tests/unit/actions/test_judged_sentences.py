"""Sentences name the control group, and what a rung can detect depends on its own traffic."""

from dataclasses import replace

from steps.actions.control_group import detectable_against_control, judge_against_control
from steps.judge.rules import Rules
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import Verdict

PAST = tuple(Stratum(at - 1.0, at, Counts(900, 0), Counts(0, 0)) for at in range(71, 101))


def evidence(bad: int = 0, control: str = "shop-baseline") -> Evidence:
    """Return ten seconds of 50 requests an arm, after stable's past of 900 a second."""
    present = tuple(Stratum(at - 1.0, at, Counts(50, 0), Counts(50, bad)) for at in range(101, 111))
    metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(PAST + present),)),)
    return Evidence(metrics, 100.0, 100.0, 110.0, 1.0, aligned=True, weight=50, control=control)


def test_a_verdict_against_the_baseline_says_so() -> None:
    """Pass and fail alike; without one the sentence stays the judge's."""
    fail = judge_against_control(evidence(40), None, Rules(), None, deadline_reached=False)
    good = judge_against_control(evidence(), None, Rules(), None, deadline_reached=False)
    plain = judge_against_control(evidence(control=""), None, Rules(), None, deadline_reached=False)
    assert [Verdict.FAIL, Verdict.PASS] == [fail.verdict, good.verdict]
    assert all(one.reason.startswith("against the baseline: ") for one in (fail, good))
    assert good.reason == f"against the baseline: {plain.reason}"


def test_what_a_rung_can_detect_depends_on_the_baselines_traffic() -> None:
    """Canary and baseline do not share the rate that stable had before."""
    found = detectable_against_control(evidence(), Rules(), 60.0)
    assert found is not None
    assert 50.0 == found.per_second
    early = evidence()
    series = early.metrics[0].series[0]
    metrics = (replace(early.metrics[0], series=(replace(series, strata=series.strata[:31]),)),)
    assert detectable_against_control(replace(early, metrics=metrics), Rules(), 60.0) is None
