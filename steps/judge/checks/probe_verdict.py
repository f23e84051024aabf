"""Probes (deep health checks) in the verdict: only "the canary fails, stable passes" counts, three times in a row.

They have a budget of their own, outside alpha: a probe that fails by chance once in a hundred requests does so three
times in a row in one round of a million.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steps.judge.rules import Rules
from steps.model.judgement import Verdict
from steps.model.probes import ProbeResult

Outcomes = Sequence[ProbeResult] | None
"""In order of time; None if there are no probes, () while none was answered."""


@dataclass(frozen=True, slots=True)
class ProbeJudgement:
    """The verdict of the probes alone."""

    verdict: Verdict
    reason: str


def failure(outcomes: Outcomes, rules: Rules) -> str | None:
    """Return the sentence for a probe that a canary pod failed and stable passed often enough in a row, or None."""
    rows: dict[tuple[str, str], int] = {}
    for one in filter(_is_answered, outcomes or ()):
        key = (one.probe, one.target)
        rows[key] = rows.get(key, 0) + 1 if one.canary and not one.stable else 0
        if rows[key] >= rules.probe_failures:
            return (
                f"probe {one.probe} failed {rows[key]} times in a row on the canary ({one.target}) while stable passed:"
                f" {one.canary}"
            )
    return None


def blocked(outcomes: Outcomes) -> str | None:
    """Return the sentence for probes that keep the canary from passing now, or None."""
    if outcomes is None:
        return None
    if not outcomes:
        return "no probe has been answered yet: both arms need a ready pod"
    for one in _latest(outcomes):
        if not one.is_answered:
            return f"probe {one.probe} is not answered any more: {one.canary}; check the pods and the network to them"
        if one.canary and one.stable:
            return shared_failure(one)
        if one.canary:
            return f"probe {one.probe} just failed on the canary ({one.target}): {one.canary}"
    return None


def both_fail(outcomes: Outcomes) -> bool:
    """Return whether the newest answers to some probe were wrong on both arms."""
    return any(one.canary and one.stable for one in _latest(outcomes or ()))


def shared_failure(one: ProbeResult) -> str:
    """Explain a probe that fails on both arms, and what to check."""
    hint = "the probe may expect the wrong answer, or something that both arms share is failing"
    if "connection" in one.canary and "connection" in one.stable:
        hint = (
            "pods in STRICT mTLS cannot be probed directly: set --probe-gateway-url, or check port and NetworkPolicies"
        )
    return f"probe {one.probe} fails on both arms (canary: {one.canary}; stable: {one.stable}): {hint}"


def judge_probes(outcomes: Sequence[ProbeResult], rules: Rules, *, deadline_reached: bool) -> ProbeJudgement:
    """Judge by probes alone: pass after as many good rounds in a row as a failure needs bad ones."""
    if sentence := failure(outcomes, rules):
        return ProbeJudgement(Verdict.FAIL, sentence)
    rounds = sorted({one.at for one in outcomes})[-rules.probe_failures :]
    sentence = blocked(outcomes)
    if sentence is None:
        recent = [one for one in outcomes if one.at in rounds]
        if len(rounds) == rules.probe_failures and not any(one.canary for one in recent):
            names = sorted({one.probe for one in recent})
            pods = len({one.target for one in recent})
            passed = f"{', '.join(names)} passed {len(rounds)} rounds in a row on {pods} canary endpoint(s)"
            return ProbeJudgement(Verdict.PASS, passed)
        sentence = f"{len(rounds)} of {rules.probe_failures} rounds of probes answered"
    return ProbeJudgement(Verdict.INCONCLUSIVE if deadline_reached else Verdict.CONTINUE, sentence)


def _is_answered(one: ProbeResult) -> bool:
    return one.is_answered


def _latest(outcomes: Sequence[ProbeResult]) -> list[ProbeResult]:
    newest = max((one.at for one in outcomes), default=0.0)
    return [one for one in outcomes if one.at == newest]
