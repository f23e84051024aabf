"""The judge: evidence in, judgement out. Pure: recomputed from the canary's first request at every call."""

from steps.judge.blockers import find_blocker
from steps.judge.by_probes import pass_by_probes
from steps.judge.case import Case
from steps.judge.checks import probe_verdict
from steps.judge.fail_reasons import find_failure
from steps.judge.pass_reasons import decide_pass
from steps.judge.rules import Rules
from steps.model.evidence import Evidence, Health
from steps.model.judgement import Judgement


def judge(
    evidence: Evidence,
    health: Health | None,
    rules: Rules,
    *,
    deadline_reached: bool,
    outcomes: probe_verdict.Outcomes = None,
) -> Judgement:
    """Judge a rollout by all that was observed so far.

    Args:
        evidence: strata of every metric since the canary's first request (and stable's history before).
        health: the canary's pods, or None if they were not looked at.
        rules: thresholds.
        outcomes: of the probes so far, in order of time; None if there are no probes.
        deadline_reached: there is no more time to wait, so the verdict is never `continue`.

    Returns:
        `fail` if the pods failed, the canary is worse, or the guard alarms; else `pass` if enough was seen and nothing
        blocks it; else `continue`, or `inconclusive` at the deadline (or as soon as waiting cannot help).
    """
    case = Case(evidence, health, rules, deadline_reached=deadline_reached)
    if failed := find_failure(case, outcomes):
        return failed
    if blocked := find_blocker(case, outcomes):
        return pass_by_probes(case, outcomes, blocked) or blocked
    return decide_pass(case)
