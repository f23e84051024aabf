"""A hotfix is judged alone: objectives, pods and probes decide, whatever stable does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steps.judge import Rules, judge
from steps.judge.checks.alone import as_alone
from steps.model.evidence import Counts, Evidence, Health, MetricKind, Problem, ProblemKind, Series, Stratum
from steps.model.judgement import Judgement, ReasonCode, Verdict
from steps.model.probes import ProbeResult
from tests.support.evidence_rows import QUIET, Pair, evidence, metric, strata

RULES = Rules(min_requests=20, min_seconds=15.0)
BROKEN: Pair = (100, 30)
GOOD: Pair = (30, 0)
BAD: Pair = (30, 12)


def judged(
    seen: Evidence,
    rules: Rules = RULES,
    health: Health | None = None,
    outcomes: tuple[ProbeResult, ...] | None = None,
    *,
    late: bool = False,
) -> Judgement:
    """Judge a hotfix."""
    return judge(as_alone(seen), health, rules, deadline_reached=late, outcomes=outcomes)


def seen(canary: Pair, stable: Pair = BROKEN, scrapes: int = 6, weight: int = 25) -> Evidence:
    """Return the same counts in scrapes of 5 s, after a past in which stable did the same."""
    return evidence(strata([stable] * 20, [(canary, stable)] * scrapes), weight=weight)


def rounds(text: str, seconds: float = 10.0) -> tuple[ProbeResult, ...]:
    """Return one result of a probe for each character: . passes, c fails."""
    return tuple(
        ProbeResult("front", "a", number * seconds, "status 500" if one == "c" else "", "")
        for number, one in enumerate(text)
    )


@pytest.mark.parametrize("weight", [25, 100])
@pytest.mark.parametrize("stable", [BROKEN, (100, 100), QUIET, (100, 0)])
def test_a_good_hotfix_passes_whatever_stable_does(stable: Pair, weight: int) -> None:
    """Broken a little, broken in all, without requests, or healthy."""
    found = judged(seen(GOOD, stable, weight=weight))
    assert (Verdict.PASS, ReasonCode.HEALTHY) == (found.verdict, found.code)
    assert found.reason.startswith("healthy as a hotfix: errors 0/180 (at most 1.0 % by --success-slo) in 6 scrapes")


@pytest.mark.parametrize("weight", [25, 100])
@pytest.mark.parametrize("stable", [BROKEN, (100, 100), QUIET, (100, 0)])
def test_a_bad_hotfix_fails_whatever_stable_does(stable: Pair, weight: int) -> None:
    """That stable is as bad, or worse, excuses nothing: the guard alarms where it would wait in another release."""
    found = judged(seen(BAD, stable, weight=weight))
    assert (Verdict.FAIL, ReasonCode.GUARD) == (found.verdict, found.code)


def test_a_hotfix_a_little_above_its_objective_does_not_pass() -> None:
    """Too little for an alarm at once, too much for a pass."""
    found = judged(seen((30, 1), scrapes=40), late=True)
    assert Verdict.PASS is not found.verdict


def test_a_hotfix_that_is_worse_than_stable_passes_within_the_objective() -> None:
    """The arms are not compared: the same counts fail another release."""
    counts = seen((2000, 9), (2000, 0), scrapes=20)
    assert (Verdict.FAIL, Verdict.PASS) == (
        judge(counts, None, RULES, deadline_reached=False).verdict,
        judged(counts).verdict,
    )


def test_a_slow_hotfix_fails_by_the_latency_objective() -> None:
    """As with failures."""
    counted = strata([BROKEN] * 20, [(GOOD, BROKEN)] * 6)
    slow = strata([(100, 0)] * 20, [((30, 15), (100, 0))] * 6)
    latency = metric(MetricKind.LATENCY, Series(slow, 500.0, "p99"), objective=Series(slow, 500.0, "p99"))
    found = judged(evidence(counted, latency, weight=25), replace(RULES, latency_slo=0.01))
    assert (Verdict.FAIL, ReasonCode.GUARD, "latency") == (found.verdict, found.code, found.metric)


def test_crashed_pods_fail_a_hotfix() -> None:
    """Requests or none."""
    found = judged(seen(GOOD), health=Health(2, 0, unready_seconds=6.0))
    assert (Verdict.FAIL, ReasonCode.UNHEALTHY) == (found.verdict, found.code)


@pytest.mark.parametrize(("weight", "verdict"), [(25, Verdict.PASS), (100, Verdict.FAIL)])
def test_failures_without_an_upstream_are_the_hotfixs_only_at_weight_100(weight: int, verdict: Verdict) -> None:
    """Below, they may be those of a stable without endpoints behind the same Service."""
    counted = tuple(
        replace(one, unattributed=20) if one.end > 0 else one for one in strata([BROKEN] * 20, [(GOOD, QUIET)] * 6)
    )
    assert verdict is judged(evidence(counted, weight=weight)).verdict


def test_too_few_requests_wait_and_are_inconclusive_at_the_deadline() -> None:
    """Missing data is never a pass."""
    little = seen((1, 0), scrapes=3)
    assert Verdict.CONTINUE is judged(little).verdict
    assert (Verdict.INCONCLUSIVE, ReasonCode.TOO_FEW) == ((late := judged(little, late=True)).verdict, late.code)
    assert Verdict.INCONCLUSIVE is judged(seen(QUIET), late=True).verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("....", Verdict.PASS), ("c....", Verdict.PASS), ("...", Verdict.CONTINUE), ("..c.", Verdict.CONTINUE),
     ("ccc", Verdict.FAIL), ("", Verdict.CONTINUE)],
)  # fmt: skip
@pytest.mark.parametrize("problem", [None, Problem(ProblemKind.UNREACHABLE, "Prometheus is down")])
def test_probes_pass_a_hotfix_without_requests(text: str, verdict: Verdict, problem: Problem | None) -> None:
    """Once they have passed for twice the minimum time of a rung, with Prometheus or without it."""
    found = judged(replace(seen(QUIET), problem=problem), outcomes=rounds(text))
    assert verdict is found.verdict
    assert (verdict is Verdict.PASS) is found.reason.startswith("healthy as a hotfix by its probes alone: front passed")


def test_probes_do_not_replace_what_requests_say() -> None:
    """A hotfix that fails its users does not pass by its probes."""
    assert Verdict.FAIL is judged(seen(BAD), outcomes=rounds("......")).verdict
    above = judged(seen((30, 1), scrapes=40), outcomes=rounds("......"))
    assert Verdict.PASS is not above.verdict


def test_probes_alone_pass_no_other_release() -> None:
    """Users of other releases are on a stable that works."""
    found = judge(seen(QUIET), None, RULES, deadline_reached=False, outcomes=rounds("......"))
    assert Verdict.PASS is not found.verdict


def test_stables_counts_are_left_out() -> None:
    """In no series, and nothing of the time before the first exposure."""
    alone = as_alone(seen(GOOD))
    counted = [one for metric in alone.metrics for series in metric.series for one in series.strata]
    assert {Counts(0, 0)} == {one.stable for one in counted}
    assert 0.0 == min(one.start for one in counted)
    assert Stratum(0.0, 5.0, Counts(0, 0), Counts(30, 0)) in counted
