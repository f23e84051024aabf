"""Whether stable breaks an objective: the numbers for a hotfix, or against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steps.judge import Rules
from steps.judge.checks.stable_standing import Standing, stable_standing
from steps.model.evidence import MetricKind, Problem, ProblemKind, Series
from tests.support.evidence_rows import QUIET, Pair, evidence, metric, strata

RULES = Rules()


@pytest.mark.parametrize(
    ("past", "standing", "said"),
    [
        ([(100, 30)] * 60, Standing.BROKEN, "720/2400 = 30.0 % of stable's requests in the last 120 s failed"),
        ([(100, 0)] * 50 + [(100, 30)] * 10, Standing.BROKEN, "300/2400 = 12.5 %"),
        ([(100, 30)] * 20 + [(100, 0)] * 40, Standing.BROKEN, "600/6000 = 10.0 % of stable's requests in the last 300"),
        ([(100, 0)] * 60, Standing.KEPT, "0/6000 = 0 % of stable's requests in the last 300 s failed (at most 1.0 %"),
        ([(1000, 9)] * 60, Standing.KEPT, "540/60000 = 0.90 %"),
        ([(1, 1), (1, 1)], Standing.UNKNOWN, "too few requests to say: 2/2 = 100 %"),
        ([QUIET] * 60, Standing.UNKNOWN, "stable had no request in the last minutes"),
    ],
)
def test_plain_numbers_decide(past: list[Pair], standing: Standing, said: str) -> None:
    """Of late, and over all the time that was read; two bad requests are not an outage."""
    found = stable_standing(replace(evidence(strata(past, [])), until=0.0), RULES)
    assert standing is found.standing
    assert said in found.sentence


def test_a_slow_stable_is_broken_too() -> None:
    """By the latency objective."""
    fine, slow = strata([(100, 0)] * 60, []), strata([(100, 20)] * 60, [])
    latency = metric(MetricKind.LATENCY, Series(slow, 500.0, "p99"), objective=Series(slow, 500.0, "p99"))
    found = stable_standing(replace(evidence(fine, latency), until=0.0), replace(RULES, latency_slo=0.01))
    assert Standing.BROKEN is found.standing
    assert "slower than 500 ms (at most 1.0 % by --latency-slo)" in found.sentence


def test_failures_without_an_upstream_are_stables() -> None:
    """A stable without endpoints answers nothing that would be counted for it."""
    counted = tuple(replace(one, unattributed=50, nowhere=10) for one in strata([QUIET] * 24, []))
    found = stable_standing(replace(evidence(counted), until=0.0), RULES)
    assert (Standing.BROKEN, 1.0) == (found.standing, found.bad_share)
    assert "960/960" in found.sentence


def test_without_prometheus_nothing_is_known() -> None:
    """And its fault is the sentence."""
    seen = replace(evidence(strata([(100, 30)], [])), problem=Problem(ProblemKind.SLOW, "Prometheus is slow"))
    assert (Standing.UNKNOWN, "Prometheus is slow") == (
        (found := stable_standing(seen, RULES)).standing,
        found.sentence,
    )
