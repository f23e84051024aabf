"""What a pass claims, once nothing fails or blocks the canary: no harm, proven, better, or rules at weight 100."""

from steps.judge.case import Case
from steps.judge.comparison import non_inferiority
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.judgement_builder import build_judgement, undecided
from steps.judge.rules import PassRule
from steps.judge.statistics.exact_tests import log_fisher
from steps.judge.statistics.strata import arm_counts
from steps.judge.wording import passes, phrases, waits
from steps.model.evidence import Arm, Counts
from steps.model.judgement import Judgement, MetricJudgement, ReasonCode, Verdict


def decide_pass(case: Case) -> Judgement:
    """Return the pass, or a wait if the claim of the pass rule is not shown yet."""
    if case.evidence.alone:
        sentence = passes.alone(_watched(case), case.rung.strata, case.detectable)
        return build_judgement(case, Verdict.PASS, ReasonCode.HEALTHY, sentence)
    if case.full_weight:
        sentence = passes.at_full_weight(_watched(case), case.rung.strata, case.detectable)
        return build_judgement(case, Verdict.PASS, ReasonCode.HEALTHY, sentence)
    requests, strata = case.totals
    if case.rules.pass_rule is PassRule.PROVEN:
        return _proven(case, requests, strata)
    if case.superiority:
        return _better(case, case.superiority, requests, strata)
    if case.detectable is None or case.main is None:
        return undecided(case, ReasonCode.TOO_FEW, waits.blind(requests, strata))
    bad = phrases.bad_requests(case.main.judgement)
    sentence = passes.healthy(_metrics(case), requests, strata, case.detectable, bad)
    return build_judgement(case, Verdict.PASS, ReasonCode.HEALTHY, sentence)


def _proven(case: Case, requests: int, strata: int) -> Judgement:
    """Every metric must be proven; if one is better, those that stable has no requests for need no proof."""
    name = case.superiority[0] if case.superiority else None
    rest = [one for one in case.compared if one.judgement.name != name]
    if case.superiority:
        rest = [one for one in rest if any(series.stable_total for series in one.judgement.series)]
    if sentence := non_inferiority.not_proven(rest, case.rules):
        return undecided(case, ReasonCode.NOT_PROVEN, sentence)
    if case.superiority:
        return _better(case, case.superiority, requests, strata)
    sentence = passes.proven(_metrics(case), requests, strata, case.rules.proven_difference)
    return build_judgement(case, Verdict.PASS, ReasonCode.PROVEN, sentence)


def _better(case: Case, superiority: tuple[str, float], requests: int, strata: int) -> Judgement:
    name, limit = superiority
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
    """Return each metric at weight 100 with the rules that judged it, the main one first."""
    found = []
    for one in sorted(case.results, key=lambda one: one is not case.main):
        name = one.evidence.name
        rules = [passes.objective_kept(case.allowed(o), o.flag) for o in case.objectives if o.metric.name == name]
        for result, index, compared in case.references:
            if result is one and index == one.worst:
                rules.append(passes.reference(compared.reference.counts, compared.reference.where))
        if rules:
            rung = [s for s in one.exposed if s.end > case.evidence.rung_started]
            shown = phrases.metric_name(one.judgement, one.worst)
            found.append(passes.Watched(shown, arm_counts(rung, Arm.CANARY), tuple(rules)))
    return found
