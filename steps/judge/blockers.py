"""What keeps a canary without an alarm from passing: what is in the way, then what is not there yet."""

from collections.abc import Iterator
from math import log

from steps.judge.case import Case
from steps.judge.checks import objective, pod_health, probe_verdict, sample_size
from steps.judge.checks.full_weight import ReferenceState
from steps.judge.comparison.large_difference import large_difference
from steps.judge.comparison.limiting_factor import limiting_factor
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.fail_reasons import describe_worst, with_counts
from steps.judge.filters import disruptions, unattributed
from steps.judge.filters.comparability import unexplained
from steps.judge.filters.warmup import is_warming
from steps.judge.judgement_builder import build_judgement, undecided
from steps.judge.power import required_power
from steps.judge.statistics.windows import arm_counts
from steps.judge.wording import fails, phrases
from steps.model.evidence import Arm
from steps.model.judgement import Judgement, ReasonCode, Verdict

_Found = Iterator[Judgement | None]


def find_blocker(case: Case, outcomes: probe_verdict.Outcomes) -> Judgement | None:
    """Return the judgement that keeps the canary from passing, by the gravest reason, or None."""
    for part in (_disrupted(case), _trouble(case, outcomes), _doubts(case), _shortages(case)):
        if found := next((one for one in part if one is not None), None):
            return found
    return None


def _disrupted(case: Case) -> _Found:
    """Pods that the cluster took away, which explain whatever else is missing."""
    if found := disruptions.pod_wait(case.health, case.rules):
        over = found.is_over or case.late
        yield build_judgement(
            case, Verdict.INCONCLUSIVE if over else Verdict.CONTINUE, ReasonCode.DISRUPTED, found.sentence
        )


def _trouble(case: Case, outcomes: probe_verdict.Outcomes) -> _Found:
    """What stands in the way."""
    if (problem := case.evidence.problem) is not None:
        yield undecided(case, str(problem.kind), problem.sentence)
    disturbed = disruptions.is_recent(case.health, case.evidence.until - case.rules.silent_seconds)
    if not disturbed and (sentence := sample_size.silence(case.evidence, case.seen, case.rules)):
        yield build_judgement(case, Verdict.INCONCLUSIVE, ReasonCode.NO_TRAFFIC, sentence)
    if case.unattributed.blocks:
        yield undecided(case, ReasonCode.UNATTRIBUTED, unattributed.blocked(case.unattributed))
    yield _shared(case)
    yield _above(case)
    if sentence := pod_health.blocked(case.health):
        yield undecided(case, ReasonCode.NOT_READY, sentence)
    if sentence := probe_verdict.blocked(outcomes):
        yield undecided(case, ReasonCode.SHARED if probe_verdict.both_fail(outcomes) else ReasonCode.PROBE, sentence)


def _doubts(case: Case) -> _Found:
    """What speaks against the canary without an alarm."""
    if case.alone:
        yield _past(case)
    else:
        yield _suspect(case)
        yield _unexplained(case)
        yield _apart(case)


def _shortages(case: Case) -> _Found:
    """What is not there yet, though nothing is in the way."""
    code = ReasonCode.TOO_FEW if case.late else ReasonCode.COLLECTING
    if sentence := _unseen(case):
        yield undecided(case, ReasonCode.NO_TRAFFIC, sentence)
    if sentence := objective.unanswered(case.evidence.metrics, case.rules):
        yield undecided(case, code, sentence)
    if any(is_warming(whole, one.evidence, case.rules) for whole, one in zip(case.whole, case.results, strict=True)):
        yield undecided(case, code, phrases.warming(case.rules.warmup_seconds))
    able = 0.0 if case.better else case.detectable
    if short := sample_size.shortage(case.seen, able, case.rules, deadline_reached=case.late):
        yield undecided(case, code, short)
    seconds = case.evidence.until - case.evidence.started
    if blunt := required_power.insufficient_power(case.evidence, able, case.rules, seconds, deadline_reached=case.late):
        yield undecided(case, code, blunt)


def _shared(case: Case) -> Judgement | None:
    """Both arms out of bounds; a canary that is better beyond doubt, and within its bounds, is not held for it."""
    for one, promise in zip(case.guards, case.objectives, strict=True):
        if one.state == "shared" and not case.better:
            return undecided(case, ReasonCode.SHARED, fails.shared(one, promise.what, promise.flag), one.metric)
    for promise in case.objectives if not case.better else ():
        allowed = case.allowed(promise)
        window = objective.missed_by_both(promise.series.strata, allowed, case.evidence.rung_started)
        if window is not None:
            counts = phrases.counted(window.canary, window.stable, promise.what, window.name)
            return undecided(
                case, ReasonCode.SHARED, fails.missed_by_both(counts, allowed, promise.flag), promise.metric.name
            )
    return None


def _above(case: Case) -> Judgement | None:
    for promise in case.objectives:
        allowed = case.allowed(promise)
        window = objective.broken(promise.series.strata, allowed, case.evidence.rung_started, case.rules.min_bad)
        if window is not None:
            counts = phrases.counted(window.canary, window.stable, promise.what, window.name)
            sentence = fails.above(counts, allowed, promise.flag, compared=window.stable.total > 0)
            return undecided(case, ReasonCode.ABOVE_OBJECTIVE, sentence, promise.metric.name)
    return None


def _past(case: Case) -> Judgement | None:
    for one, index, compared in case.pasts:
        if compared.state is ReferenceState.DOUBT:
            what = phrases.what(one.judgement, one.judgement.series[index])
            past = compared.past
            sentence = fails.doubtful(compared.now, what, past.counts, past.where, compared.allowed)
            return undecided(case, ReasonCode.SUSPECT, sentence, one.judgement.name)
    return None


def _suspect(case: Case) -> Judgement | None:
    if case.e_value < case.rules.suspect_e:
        return None
    one = max(case.compared, key=lambda w: w.judgement.weight * w.judgement.e_value, default=None)
    if one is None or one.judgement.weight * one.judgement.e_value < 1.0:
        return None
    series, since, _ = describe_worst(one)
    counts = phrases.comparison(one.judgement, series, phrases.since_when(since))
    sentence = fails.suspicious(counts, case.e_value, 1.0 / case.rules.alpha)
    return undecided(case, ReasonCode.SUSPECT, sentence, one.judgement.name)


def _unexplained(case: Case) -> Judgement | None:
    for metric in case.whole if case.unlike else ():
        if series := unexplained(metric, case.rules.min_bad):
            counts = arm_counts([stratum for stratum in series.strata if stratum.canary.total], Arm.CANARY)
            sentence = fails.unexplained(counts, phrases.what_is_bad(metric.kind, metric.name, metric.unit, series))
            return undecided(case, ReasonCode.SUSPECT, sentence, metric.name)
    return None


def _apart(case: Case) -> Judgement | None:
    for one in case.compared:
        for index, series in enumerate(one.evidence.series):
            window = large_difference(series.strata, one.judgement.floor, case.rules, case.evidence.rung_started)
            if window is not None:
                numbers = with_counts(one.judgement.series[index], list(window.strata))
                counts = phrases.comparison(one.judgement, numbers, window.name)
                return undecided(
                    case, ReasonCode.SUSPECT, fails.apart(counts, _cause(case, one, index)), one.judgement.name
                )
    return None


def _cause(case: Case, one: MetricResult, index: int) -> str:
    """Say which caution of the comparison holds the evidence of a series back."""
    strata, limit = one.evidence.series[index].strata, log(1.0 / case.rules.alpha)
    found = limiting_factor(strata, case.rules, limit, case.odds, aligned=case.aligned(one.evidence))
    return fails.CAUTIONS[found].format(phi=f"{one.paths[index].phi:.0f}")


def _unseen(case: Case) -> str | None:
    """Say that an arm has no request, or that nothing can judge at weight 100; None where something can."""
    if case.seen.canary and case.alone:
        return None if case.guards or case.pasts else phrases.NOTHING_TO_JUDGE_BY
    if case.seen.canary and case.seen.stable:
        return None
    return phrases.unseen("stable" if case.seen.canary else "canary", case.seen.seconds)
