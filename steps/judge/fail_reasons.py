"""What fails a canary, in this order: its pods, the comparison, the guard, its reference at weight 100, its probes."""

from dataclasses import replace

from steps.judge.case import Case
from steps.judge.checks import pod_health, probe_verdict
from steps.judge.checks.full_weight import ReferenceState
from steps.judge.checks.guard import GUARD_SCRAPES
from steps.judge.checks.whole_scrape import excess_failures, whole_scrape
from steps.judge.comparison.combined import Alarm
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.judgement_builder import build_judgement
from steps.judge.rules import Rules
from steps.judge.statistics.change_point import change_point
from steps.judge.statistics.confidence_sequence import ratio_limits
from steps.judge.statistics.strata import arm_counts, strata_with_canary
from steps.judge.wording import fails, phrases
from steps.model.evidence import Arm, MetricKind, Stratum
from steps.model.judgement import Judgement, MetricJudgement, ReasonCode, SeriesJudgement, Verdict


def find_failure(case: Case, outcomes: probe_verdict.Outcomes) -> Judgement | None:
    """Return the judgement that fails the canary, or None."""
    if sentence := pod_health.failure(case.health, case.rules):
        return build_judgement(case, Verdict.FAIL, ReasonCode.UNHEALTHY, sentence)
    if case.alarm is not None:
        return _worse(case, case.alarm)
    if found := _failed_as_a_whole(case) or _over_budget(case):
        return found
    if found := _guard_alarm(case) or _worse_than_reference(case):
        return found
    if sentence := probe_verdict.failure(outcomes, case.rules):
        return build_judgement(case, Verdict.FAIL, ReasonCode.PROBE, sentence)
    return None


def describe_worst(one: MetricResult) -> tuple[SeriesJudgement, float | None, tuple[Stratum, ...]]:
    """Return the worst series with the counts to show: those of a late fault begin with the fault.

    Returns:
        The series, when a late fault began (unix seconds) or None, and the strata that are counted.
    """
    series, strata = one.judgement.series[one.worst], one.exposed
    begin = change_point(strata)
    if not begin:
        return series, None, strata
    return with_counts(series, strata[begin:]), strata[begin].start, strata[begin:]


def with_counts(series: SeriesJudgement, strata: tuple[Stratum, ...] | list[Stratum]) -> SeriesJudgement:
    """Return the series with the counts of these strata."""
    canary, stable = arm_counts(strata, Arm.CANARY), arm_counts(strata, Arm.STABLE)
    return replace(
        series, canary_total=canary.total, canary_bad=canary.bad, stable_total=stable.total, stable_bad=stable.bad,
        canary_ratio=canary.bad / canary.total if canary.total else 0.0,
        stable_ratio=stable.bad / stable.total if stable.total else 0.0,
    )  # fmt: skip


def _worse(case: Case, alarm: Alarm) -> Judgement:
    one = alarm.metric
    judged = _with_limits(one, case.rules)
    # The limits are costly and only shown for an alarm; the judgement's metrics get them as well.
    case.results = [replace(old, judgement=judged) if old is one else old for old in case.results]
    series, since, strata = describe_worst(replace(one, judgement=judged))
    until = [stratum for stratum in strata if stratum.end <= alarm.at] or list(strata)
    seconds = alarm.at - until[0].start
    sentence = fails.worse(judged, series, since, alarm.at, seconds, strata_with_canary(until), 1.0 / case.rules.line)
    sentence += _unattributed(case, one.evidence.kind)
    return build_judgement(case, Verdict.FAIL, ReasonCode.WORSE, sentence, judged.name, alarm.at)


def _with_limits(one: MetricResult, rules: Rules) -> MetricJudgement:
    """Return the metric's judgement with the limits of the ratio in its worst series."""
    worst = one.judgement.series[one.worst]
    low, high = ratio_limits(one.exposed, 1.0 / rules.line, worst.phi)
    worst = replace(worst, ratio_low=low, ratio_high=high)
    series = tuple(worst if i == one.worst else old for i, old in enumerate(one.judgement.series))
    return replace(one.judgement, series=series)


def _guard_alarm(case: Case) -> Judgement | None:
    for guard, objective in zip(case.guards, case.objectives, strict=True):
        if guard.state == "alarm":
            sentence = fails.broken(guard, objective.what, GUARD_SCRAPES)
            sentence += _unattributed(case, objective.metric.kind)
            return build_judgement(case, Verdict.FAIL, ReasonCode.GUARD, sentence, guard.metric)
    return None


def _failed_as_a_whole(case: Case) -> Judgement | None:
    if not case.rules.whole_scrape or not case.evidence.has_comparison:
        return None
    for one in case.compared:
        if one.evidence.kind is MetricKind.ERRORS and (stratum := whole_scrape(one.exposed, case.rules)) is not None:
            shown = with_counts(one.judgement.series[one.worst], (stratum,))
            sentence = fails.failed_as_a_whole(phrases.comparison(one.judgement, shown, ""), stratum.end)
            return build_judgement(case, Verdict.FAIL, ReasonCode.WORSE, sentence, one.judgement.name, stratum.end)
    return None


def _over_budget(case: Case) -> Judgement | None:
    limit, main = case.rules.failed_requests, case.main
    if limit is None or main is None or main.evidence.kind is not MetricKind.ERRORS:
        return None
    if excess_failures(case.exposed, case.rules.ratio) <= limit:
        return None
    counts = phrases.comparison(main.judgement, main.judgement.series[main.worst], "")
    return build_judgement(case, Verdict.FAIL, ReasonCode.WORSE, fails.over_budget(counts, limit), main.judgement.name)


def _worse_than_reference(case: Case) -> Judgement | None:
    for result, index, compared in case.references:
        if compared.state is ReferenceState.WORSE:
            what = phrases.what(result.judgement, result.judgement.series[index])
            reference = compared.reference
            sentence = fails.worse_than_before(compared.now, what, reference.counts, reference.where)
            return build_judgement(case, Verdict.FAIL, ReasonCode.WORSE, sentence, result.judgement.name)
    return None


def _unattributed(case: Case, kind: MetricKind) -> str:
    counted = case.unattributed.counted
    return fails.unattributed(counted) if counted and kind is MetricKind.ERRORS else ""
