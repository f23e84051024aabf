"""A pod that gets few requests is a little slower: that is not the version."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steps.judge import Rules, judge
from steps.judge.rules import PassRule
from steps.model.evidence import Counts, Evidence, Health, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import Judgement, Verdict

SECOND = 5.0
TWO_STABLE_PODS = Health(1, 1, stable_pods=2)


def evidence(canary: int, stable: int, bound: float, unit: str = "ms", pods: int = 0) -> Evidence:
    """Make a rung of 20 scrapes: three quarters of the canary's requests are above a bound, a quarter of stable's."""

    def strata(bad: float) -> tuple[Stratum, ...]:
        each = tuple(Counts(stable // pods, 0) for _ in range(pods))
        return tuple(
            Stratum(
                i * SECOND, (i + 1) * SECOND, Counts(stable, int(stable * bad / 3)), Counts(canary, int(canary * bad)),
                stable_pods=each,
            )
            for i in range(20)
        )  # fmt: skip

    errors = MetricEvidence("errors", MetricKind.ERRORS, (Series(strata(0.0)),), weight=0.6)
    tail = Series(strata(0.0), 50.0 / (1000 if unit == "s" else 1), "tail")
    latency = MetricEvidence("latency", MetricKind.LATENCY, (Series(strata(0.75), bound, "p50"), tail), unit, 0.25)
    return Evidence((errors, latency), 0.0, 0.0, 100.0, SECOND, aligned=True, weight=5)


def judged(one: Evidence, health: Health | None = TWO_STABLE_PODS, rules: Rules | None = None) -> Judgement:
    """Judge before the deadline."""
    return judge(one, health, rules or Rules(), deadline_reached=False)


@pytest.mark.parametrize(("bound", "unit"), [(5.0, "ms"), (0.01, "s")])
def test_an_idle_canary_is_not_called_slow_for_a_few_milliseconds(bound: float, unit: str) -> None:
    """5 requests a second against 48 for each of stable's pods."""
    found = judged(evidence(25, 475, bound, unit))

    assert found.verdict is Verdict.PASS
    expected = (
        f"latency bounds up to {bound:g} {unit} are not compared while a canary pod gets 5 requests a second and a"
        " stable pod 48: an idle pod answers a few ms slower, whatever its version"
    )
    assert (expected,) == found.notes


def test_the_pods_own_proxies_say_how_many_pods_stable_has() -> None:
    """The number at the start of the run may be old."""
    assert judged(evidence(25, 475, 5.0, pods=2), Health(1, 1)).verdict is Verdict.PASS
    assert judged(evidence(25, 475, 5.0, pods=19)).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("one", "health"),
    [
        pytest.param(evidence(25, 475, 25.0), TWO_STABLE_PODS, id="more than an idle pod explains"),
        pytest.param(evidence(25, 475, 5.0), Health(1, 1, stable_pods=20), id="stable's pods are as idle"),
        pytest.param(evidence(110, 990, 5.0), Health(1, 1, stable_pods=2), id="the canary is busy"),
        pytest.param(evidence(25, 475, 5.0), Health(1, 1), id="nobody knows how many pods stable has"),
        pytest.param(evidence(25, 475, 5.0), None, id="nobody looked at the pods"),
        pytest.param(replace(evidence(25, 475, 5.0), control="shop-baseline"), TWO_STABLE_PODS, id="a baseline"),
    ],
)
def test_a_slower_canary_fails_where_its_pods_are_comparable(one: Evidence, health: Health | None) -> None:
    """The rule excuses nothing else."""
    found = judged(one, health)

    assert found.verdict is Verdict.FAIL
    assert found.metric == "latency"
    assert not found.notes


def test_pods_that_came_later_do_not_make_an_earlier_rung_idle() -> None:
    """The only pod of that time was busy."""
    later = Health(5, 5, ready_at=(-1.0, 200.0, 200.0, 200.0, 200.0), stable_pods=2)

    assert judged(evidence(110, 990, 5.0), later).verdict is Verdict.FAIL


def test_a_slow_tail_fails_an_idle_canary() -> None:
    """Beyond 50 ms."""
    one = evidence(25, 475, 5.0)
    errors, latency = one.metrics
    p50, tail = latency.series
    slow = replace(tail, strata=p50.strata)

    assert judged(replace(one, metrics=(errors, replace(latency, series=(p50, slow))))).verdict is Verdict.FAIL


def test_a_proof_does_not_wait_for_what_is_not_compared() -> None:
    """The other series are proven."""
    found = judged(evidence(250, 4750, 5.0), Health(10, 10, stable_pods=10), Rules(pass_rule=PassRule.PROVEN))

    assert found.verdict is Verdict.PASS
    assert "latency bounds up to 5 ms" in found.notes[0]
