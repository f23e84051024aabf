"""What fails a canary: its pods, the comparison, the guard, its own past at weight 100, and its probes."""

from dataclasses import replace

from steps.judge.case import Case
from steps.judge.checks import pod_health, probe_verdict, sample_size
from steps.judge.checks.full_weight import ReferenceState
from steps.judge.checks.guard import GUARD_SCRAPES
from steps.judge.comparison.combined import Alarm
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.judgement_builder import build_judgement
from steps.judge.rules import Rules
from steps.judge.statistics.change_point import change_point
from steps.judge.statistics.confidence_sequence import ratio_limits
from steps.judge.statistics.windows import arm_counts
from steps.judge.wording import fails, phrases
from steps.model.evidence import Arm, MetricKind, Stratum
from steps.model.judgement import Judgement, MetricJudgement, ReasonCode, SeriesJudgement, Verdict


def find_failure(case: Case, outcomes: probe_verdict.Outcomes) -> Judgement | None:
    """Return the judgement that fails the canary, or None."""
    if sentence := pod_health.failure(case.health, case.rules):
        return build_judgement(case, Verdict.FAIL, ReasonCode.UNHEALTHY, sentence)
    if case.alarm is not None:
        return _worse(case, case.alarm)
    for one, promise in zip(case.guards, case.objectives, strict=True):
        if one.state == "alarm":
            sentence = fails.broken(one, promise.what, GUARD_SCRAPES) + _unattributed(case, promise.metric.kind)
            return build_judgement(case, Verdict.FAIL, ReasonCode.GUARD, sentence, one.metric)
    if found := next((past for past in case.pasts if past[2].state is ReferenceState.WORSE), None):
        metric, index, compared = found
        what = phrases.what(metric.judgement, metric.judgement.series[index])
        sentence = fails.worse_than_before(compared.now, what, compared.past.counts, compared.past.where)
        return build_judgement(case, Verdict.FAIL, ReasonCode.WORSE, sentence, metric.judgement.name)
    if sentence := probe_verdict.failure(outcomes, case.rules):
        return build_judgement(case, Verdict.FAIL, ReasonCode.PROBE, sentence)
    return None


def describe_worst(one: MetricResult) -> tuple[SeriesJudgement, float | None, tuple[Stratum, ...]]:
    """Return the worst series with the counts to show: of a late fault those since it began, at `since` (unix seconds).

    Returns:
        The series, `since` or None, and the strata that are counted.
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
    judged = _limited(one, case.rules)
    case.results = [replace(old, judgement=judged) if old is one else old for old in case.results]
    series, since, strata = describe_worst(replace(one, judgement=judged))
    until = [stratum for stratum in strata if stratum.end <= alarm.at] or list(strata)
    sentence = fails.worse(
        judged,
        series,
        since,
        alarm.at,
        alarm.at - until[0].start,
        sample_size.strata_with_canary(until),
        case.rules.alpha,
    )
    return build_judgement(
        case, Verdict.FAIL, ReasonCode.WORSE, sentence + _unattributed(case, one.evidence.kind), judged.name, alarm.at
    )


def _limited(one: MetricResult, rules: Rules) -> MetricJudgement:
    """Return the metric's judgement with the limits of the ratio in its worst series."""
    series = one.judgement.series[one.worst]
    low, high = ratio_limits(one.exposed, rules.alpha, series.phi)
    series = replace(series, ratio_low=low, ratio_high=high)
    return replace(
        one.judgement, series=tuple(series if i == one.worst else old for i, old in enumerate(one.judgement.series))
    )


def _unattributed(case: Case, kind: MetricKind) -> str:
    counted = case.unattributed.counted
    return fails.unattributed(counted) if counted and kind is MetricKind.ERRORS else ""
