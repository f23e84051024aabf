"""Probes in the verdict: only "the canary fails, stable passes" counts, three times in a row."""

from __future__ import annotations

import pytest

from steps.judge import Rules, judge
from steps.judge.checks.probe_verdict import blocked, failure, judge_probes
from steps.model.judgement import ReasonCode, Verdict
from steps.model.probes import ProbeResult
from tests.support.simulated_rollouts import SimulatedRollout, evidence_of

RULES = Rules()


def outcomes(text: str, target: str = "a") -> list[ProbeResult]:
    """Read one character a round: . both pass, c canary fails, s stable fails, b both fail."""
    return [
        ProbeResult("front", target, float(i), "status 500" if one in "cb" else "", "status 503" if one in "sb" else "")
        for i, one in enumerate(text)
    ]


@pytest.mark.parametrize(
    ("text", "fails"),
    [("ccc", True), ("..ccc", True), ("ccc...", True), ("cc", False), ("cc.cc", False), ("ccbccsc", False),
     ("bbbbbb", False), ("ssss", False), ("", False)],
)  # fmt: skip
def test_three_failures_in_a_row_on_the_canary_alone_fail(text: str, fails: bool) -> None:  # noqa: FBT001 - parametrized
    """A round in which stable fails too breaks the row."""
    assert fails is bool(failure(outcomes(text), RULES))


def test_each_pod_has_a_row_of_its_own() -> None:
    """One failure of each of three pods does not fail the canary."""
    found = [one for i, pod in enumerate("abc") for one in outcomes("." * i + "c", pod)[-1:]]

    assert failure(found, RULES) is None


def test_the_sentence_names_probe_pod_and_failure() -> None:
    """For people."""
    expected = "probe front failed 3 times in a row on the canary (a) while stable passed: status 500"
    assert expected == failure(outcomes("ccc"), RULES)


@pytest.mark.parametrize(
    ("text", "verdict", "said"),
    [
        ("...", Verdict.PASS, "front passed 3 rounds in a row on 1 canary endpoint(s)"),
        ("c...", Verdict.PASS, "front passed 3 rounds in a row"),
        ("..", Verdict.CONTINUE, "2 of 3 rounds of probes answered"),
        ("", Verdict.CONTINUE, "no probe has been answered yet"),
        ("..c", Verdict.CONTINUE, "probe front just failed on the canary (a): status 500"),
        ("..cc", Verdict.CONTINUE, "just failed"),
        ("bbb", Verdict.CONTINUE, "probe front fails on both arms (canary: status 500; stable: status 503)"),
        ("ccc", Verdict.FAIL, "3 times in a row"),
    ],
)
def test_the_probes_alone_decide(text: str, verdict: Verdict, said: str) -> None:
    """Pass after three good rounds; `continue` becomes `inconclusive` at the deadline."""
    early = judge_probes(outcomes(text), RULES, deadline_reached=False)
    late = judge_probes(outcomes(text), RULES, deadline_reached=True)

    assert verdict is early.verdict
    assert said in early.reason
    assert (Verdict.INCONCLUSIVE if verdict is Verdict.CONTINUE else verdict) is late.verdict


def test_closed_connections_on_both_arms_hint_at_strict_mtls() -> None:
    """And name a way around it."""
    closed = "the connection was refused or closed"
    sentence = blocked([ProbeResult("front", "a", 1.0, closed, closed)])

    assert sentence is not None
    assert "STRICT mTLS" in sentence
    assert "--probe-gateway-url" in sentence


HEALTHY = evidence_of(
    SimulatedRollout(100, lambda _: 0.001, lambda _: 0.001, strata=8, aligned=True).draw(1), aligned=True, alone=True
)


@pytest.mark.parametrize(
    ("found", "verdict", "code"),
    [
        (None, Verdict.PASS, ReasonCode.HEALTHY),
        (outcomes("..."), Verdict.PASS, ReasonCode.HEALTHY),
        (outcomes("."), Verdict.PASS, ReasonCode.HEALTHY),
        ([], Verdict.CONTINUE, ReasonCode.PROBE),
        (outcomes(".c"), Verdict.CONTINUE, ReasonCode.PROBE),
        (outcomes("bb"), Verdict.CONTINUE, ReasonCode.SHARED),
        (outcomes("ccc"), Verdict.FAIL, ReasonCode.PROBE),
    ],
)
def test_the_judge_takes_probes_into_account(
    found: list[ProbeResult] | None, verdict: Verdict, code: ReasonCode
) -> None:
    """If probes were requested, there is no pass without an answer."""
    judgement = judge(HEALTHY, None, RULES, deadline_reached=False, outcomes=found)

    assert (verdict, str(code)) == (judgement.verdict, judgement.code)


def test_old_answers_keep_a_canary_from_passing() -> None:
    """A prober that hangs must not leave its last good answers standing; nor does silence fail a canary."""
    silence = ProbeResult("front", "a", 9.0, "the last answers are 16 s old, more than 3 intervals", is_answered=False)
    for before in ("...", "..c", "cc"):
        judgement = judge_probes([*outcomes(before), silence, silence], RULES, deadline_reached=False)
        assert (Verdict.CONTINUE, True) == (
            judgement.verdict,
            "probe front is not answered any more" in judgement.reason,
        )
        assert "probe front is not answered any more" in judgement.reason
    whole = judge(HEALTHY, None, RULES, deadline_reached=False, outcomes=[*outcomes("..."), silence])
    assert (Verdict.CONTINUE, str(ReasonCode.PROBE)) == (whole.verdict, whole.code)
