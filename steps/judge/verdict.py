"""The judge: evidence in, judgement out. Pure; recomputed from the canary's first request at every call."""

from steps.judge.blockers import find_blocker
from steps.judge.case import Case
from steps.judge.checks import probe_verdict
from steps.judge.comparison import non_inferiority
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.fail_reasons import find_failure
from steps.judge.judgement_builder import build_judgement, undecided
from steps.judge.rules import PassRule, Rules
from steps.judge.statistics.exact_tests import log_fisher
from steps.judge.statistics.windows import arm_counts
from steps.judge.wording import passes, phrases
from steps.model.evidence import Arm, Counts, Evidence, Health
from steps.model.judgement import Judgement, MetricJudgement, ReasonCode, Verdict


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
        health: the canary's pods, or None where nobody looked.
        rules: thresholds.
        outcomes: of the probes so far, in order of time; None where there are no probes.
        deadline_reached: nothing will be waited for any more, so the verdict is never `continue`.

    Returns:
        `fail` if the pods failed, the canary is worse, or the guard alarms; else `pass` if enough was seen and nothing
        stands in the way; else `continue`, or `inconclusive` at the deadline (or as soon as waiting cannot help).
    """
    case = Case(evidence, health, rules, deadline_reached=deadline_reached)
    return find_failure(case, outcomes) or find_blocker(case, outcomes) or _pass(case)


def _pass(case: Case) -> Judgement:
    if case.alone:
        sentence = passes.at_full_weight(_watched(case), case.seen.strata, case.detectable)
        return build_judgement(case, Verdict.PASS, ReasonCode.HEALTHY, sentence)
    requests, strata = case.totals
    if case.rules.pass_rule is PassRule.PROVEN:
        return _proven(case, requests, strata)
    if case.better:
        return _better(case, requests, strata)
    if case.detectable is None or case.main is None:
        return undecided(case, ReasonCode.TOO_FEW, phrases.blind(requests, strata))
    bad = phrases.failing(case.main.judgement)
    sentence = passes.healthy(_metrics(case), requests, strata, case.detectable, bad)
    return build_judgement(case, Verdict.PASS, ReasonCode.HEALTHY, sentence)


def _proven(case: Case, requests: int, strata: int) -> Judgement:
    """Every metric must be proven. One that is better is; beside it, so is one that has nothing to compare with."""
    name = case.better[0] if case.better else None
    rest = [one for one in case.compared if one.judgement.name != name]
    if case.better:
        rest = [one for one in rest if any(series.stable_total for series in one.judgement.series)]
    if sentence := non_inferiority.not_proven(rest, case.rules):
        return undecided(case, ReasonCode.NOT_PROVEN, sentence)
    if case.better:
        return _better(case, requests, strata)
    sentence = passes.proven(_metrics(case), requests, strata, case.rules.proven_difference)
    return build_judgement(case, Verdict.PASS, ReasonCode.PROVEN, sentence)


def _better(case: Case, requests: int, strata: int) -> Judgement:
    name, limit = case.better or ("", 1.0)
    sentence = passes.better(_metrics(case), name, limit, requests, strata, case.rules.alpha)
    return build_judgement(case, Verdict.PASS, ReasonCode.BETTER, sentence, name)


def _metrics(case: Case) -> list[tuple[MetricJudgement, int]]:
    """Return the metrics that were compared and had requests, each with its worst series, the main one first."""
    ordered = sorted(case.compared, key=lambda one: one is not case.main)
    return [(one.judgement, _worst(one)) for one in ordered if one.judgement.series[one.worst].canary_total]


def _worst(one: MetricResult) -> int:
    """Return the series that looks worst in plain counts, whatever its evidence is."""
    series = one.judgement.series
    if len(series) == 1:
        return 0
    counts = [(Counts(s.canary_total, s.canary_bad), Counts(s.stable_total, s.stable_bad)) for s in series]
    return min(range(len(series)), key=lambda i: (log_fisher(*counts[i]), not series[i].canary_bad, -series[i].e_value))


def _watched(case: Case) -> list[passes.Watched]:
    """Return each metric at weight 100, with the rules that it was held against, the main one first."""
    found = []
    for one in sorted(case.results, key=lambda one: one is not case.main):
        pasts = [past for metric, index, past in case.pasts if metric is one and index == one.worst]
        rules = [phrases.kept(case.allowed(o), o.flag) for o in case.objectives if o.metric.name == one.evidence.name]
        rules += [phrases.before(past.past.counts, past.past.where) for past in pasts]
        if rules:
            rung = [s for s in one.exposed if s.end > case.evidence.rung_started]
            name = phrases.metric_name(one.judgement, one.worst)
            found.append(passes.Watched(name, arm_counts(rung, Arm.CANARY), tuple(rules)))
    return found
