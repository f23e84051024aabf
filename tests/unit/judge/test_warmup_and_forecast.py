"""Warm-up, sample ratio, and the forecast of what can be detected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steps.judge import Rules, judge
from steps.judge.checks.sample_ratio import mismatch_note
from steps.judge.power.detectable_effect import forecast
from steps.model.evidence import Counts, Evidence, Health, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import ReasonCode, Verdict

SECOND = 5.0


def strata(count: int, canary: Counts, stable: Counts, start: float = 0.0) -> tuple[Stratum, ...]:
    """Make equal strata of 5 s."""
    return tuple(Stratum(start + i * SECOND, start + (i + 1) * SECOND, stable, canary) for i in range(count))


def evidence(slow: tuple[Stratum, ...], failed: tuple[Stratum, ...] | None = None, weight: int = 10) -> Evidence:
    """Wrap strata of latency, and of errors with the same requests."""
    totals = tuple(replace(s, canary=Counts(s.canary.total, 0), stable=Counts(s.stable.total, 0)) for s in slow)
    errors = MetricEvidence("errors", MetricKind.ERRORS, (Series(failed or totals),), weight=0.6)
    latency = MetricEvidence("latency", MetricKind.LATENCY, (Series(slow, 250.0, "p99"),), unit="ms", weight=0.25)
    return Evidence((errors, latency), 0.0, 0.0, slow[-1].end, SECOND, aligned=True, weight=weight)


SLOW = strata(12, Counts(50, 25), Counts(450, 4))
FAST = strata(12, Counts(50, 0), Counts(450, 4))
YOUNG = Health(1, 1, ready_at=(-1.0,))
WARMED_UP = Rules(warmup_seconds=60)


def verdict(one: Evidence, health: Health | None, rules: Rules | None = None) -> tuple[Verdict, str]:
    """Judge before the deadline."""
    judgement = judge(one, health, rules or WARMED_UP, deadline_reached=False)
    return judgement.verdict, judgement.code


def test_a_young_canary_is_not_called_slow() -> None:
    """Without the age of the pods the same evidence fails it; with it the judge waits."""
    assert (Verdict.FAIL, ReasonCode.WORSE) == verdict(evidence(SLOW), None)
    assert (Verdict.FAIL, ReasonCode.WORSE) == verdict(evidence(SLOW), YOUNG, Rules(warmup_seconds=0))
    assert (Verdict.CONTINUE, ReasonCode.COLLECTING) == verdict(evidence(SLOW), YOUNG)


def test_nothing_passes_before_latency_has_been_judged() -> None:
    """Healthy so far, but latency is not judged yet: that is not a pass. After the warm-up and three scrapes it is."""
    fast, older = evidence(FAST), evidence(strata(16, Counts(50, 0), Counts(450, 4)))

    assert (Verdict.CONTINUE, ReasonCode.COLLECTING) == verdict(fast, YOUNG)
    assert (Verdict.PASS, ReasonCode.HEALTHY) == verdict(older, YOUNG)


def test_slowness_after_the_warm_up_counts() -> None:
    """From 60 s on."""
    late = (*FAST, *strata(6, Counts(50, 25), Counts(450, 4), start=60.0))

    assert (Verdict.FAIL, ReasonCode.WORSE) == verdict(evidence(late), YOUNG)


def test_a_second_pod_warms_up_on_its_own() -> None:
    """Scrapes from before it came still count."""
    later = (*strata(16, Counts(50, 0), Counts(450, 4)), *strata(6, Counts(50, 25), Counts(450, 4), start=80.0))

    assert (Verdict.PASS, ReasonCode.HEALTHY) == verdict(evidence(later), Health(2, 2, ready_at=(-1.0, 79.0)))


def test_errors_and_the_guard_have_no_warm_up() -> None:
    """A canary that fails is broken, not young."""
    failing = strata(12, Counts(50, 25), Counts(450, 0))

    assert (Verdict.FAIL, ReasonCode.WORSE) == verdict(evidence(FAST, failing), YOUNG)
    seen = evidence(SLOW)
    promised = replace(seen.metrics[1], objective=seen.metrics[1].series[0])
    seen = replace(seen, metrics=(seen.metrics[0], promised))
    guarded = judge(seen, YOUNG, Rules(latency_slo=0.1, warmup_seconds=60), deadline_reached=False)
    assert (Verdict.FAIL, ReasonCode.GUARD) == (guarded.verdict, guarded.code)


@pytest.mark.parametrize(
    ("canary", "stable", "weight", "noted"),
    [(50, 450, 10, False), (42, 458, 10, False), (10, 490, 10, True), (0, 500, 10, True), (90, 410, 10, False),
     (1, 499, 100, False), (0, 500, 0, False), (1, 9, 50, False)],
)  # fmt: skip
def test_fewer_requests_than_the_weight_says_are_noted(canary: int, stable: int, weight: int, noted: bool) -> None:  # noqa: FBT001
    """Only if clearly fewer, and it decides nothing."""
    found = mismatch_note(
        evidence(strata(4 if canary + stable > 20 else 2, Counts(canary, 0), Counts(stable, 0)), weight=weight)
    )

    assert noted is bool(found)
    if noted:
        assert f"since the weight was set to {weight} %" in found[0]


def test_the_sample_ratio_counts_from_the_first_whole_scrape() -> None:
    """The scrape in which the weight was set contains earlier requests."""
    mixed = (*strata(1, Counts(0, 0), Counts(5000, 0)), *strata(4, Counts(50, 0), Counts(450, 0), start=SECOND))

    assert () == mismatch_note(evidence(mixed))


@pytest.mark.parametrize(
    ("per_second", "seconds", "low", "high"),
    [(100.0, 600.0, 0.001, 0.005), (10.0, 600.0, 0.005, 0.05), (1.0, 600.0, 0.1, 0.8), (0.02, 60.0, None, None)],
)
def test_the_forecast_says_what_is_detectable(
    per_second: float, seconds: float, low: float | None, high: float | None
) -> None:
    """By the traffic so far, the weight and the deadline; with hardly any traffic nothing is."""
    history = strata(12, Counts(0, 0), Counts(round(per_second * SECOND), 0))
    found = forecast(evidence(history), Rules(), seconds)
    if low is None or high is None:
        assert found is None or found.ratio is None
        return

    assert found is not None
    assert found.ratio is not None
    assert low <= found.ratio <= high, found
    assert "failures or more will be caught" in found.sentence


@pytest.mark.parametrize("requests", range(1, 12))
@pytest.mark.parametrize("weight", [1, 5, 20])
def test_a_forecast_fits_the_rung_where_most_scrapes_have_no_request_of_the_canary(requests: int, weight: int) -> None:
    """One request in several scrapes: the first scrapes to come may have none."""
    for seconds in (30.0, 180.0, 600.0, 3600.0):
        found = forecast(evidence(strata(12, Counts(0, 0), Counts(requests, 0)), weight=weight), Rules(), seconds)
        assert found is None or found.ratio is None or 0.0 < found.ratio <= 1.0


def test_without_traffic_or_weight_there_is_no_forecast() -> None:
    """There is no basis for one."""
    history = strata(12, Counts(0, 0), Counts(50, 0))

    assert forecast(evidence(history, weight=0), Rules(), 60.0) is None
    assert forecast(evidence(history[:2]), Rules(), 60.0) is None
