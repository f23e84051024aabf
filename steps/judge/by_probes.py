"""A hotfix may pass by its probes where requests say too little: no traffic, or no Prometheus, while users wait."""

from collections.abc import Sequence
from typing import Final

from steps.judge.case import Case
from steps.judge.checks.probe_verdict import Outcomes, judge_probes
from steps.judge.judgement_builder import build_judgement
from steps.judge.wording import passes
from steps.model.evidence import ProblemKind
from steps.model.judgement import Judgement, ReasonCode, Verdict
from steps.model.probes import ProbeResult

_REPLACED: Final = frozenset({ReasonCode.NO_TRAFFIC, ReasonCode.COLLECTING, ReasonCode.TOO_FEW, *ProblemKind})
"""Reasons to wait that say nothing against the canary."""

_LONGER: Final = 2.0
"""Probes see less than users do, so they must pass for this many times the minimum time of a rung."""


def pass_by_probes(case: Case, outcomes: Outcomes, blocked: Judgement) -> Judgement | None:
    """Return the pass of a hotfix whose probes passed for long enough, None if it has to wait.

    Rounds of an earlier weight count as well: they went to pods of the same version.

    Args:
        case: a canary that nothing fails.
        outcomes: of the probes.
        blocked: what keeps the canary from passing.
    """
    if not case.evidence.alone or blocked.code not in _REPLACED or not outcomes:
        return None
    found = judge_probes(outcomes, case.rules, deadline_reached=False)
    seconds = _passed_for(outcomes)
    if found.verdict is not Verdict.PASS or seconds < _LONGER * case.rules.min_seconds:
        return None
    sentence = passes.by_probes(found.reason, seconds, blocked.reason)
    return build_judgement(case, Verdict.PASS, ReasonCode.HEALTHY, sentence)


def _passed_for(outcomes: Sequence[ProbeResult]) -> float:
    """Return the time between the first and the last round since the last one that failed, seconds."""
    failed = max((one.at for one in outcomes if one.canary), default=float("-inf"))
    passed = [one.at for one in outcomes if one.at > failed]
    return max(passed) - min(passed) if passed else 0.0
