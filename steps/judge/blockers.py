"""What keeps a canary without an alarm from passing: what is wrong, then what is suspect, then what is missing."""

from collections.abc import Iterator
from math import log

from steps.judge.case import Case
from steps.judge.checks import before_promotion, objective, pod_health, probe_verdict, sample_size
from steps.judge.checks.full_weight import ReferenceState
from steps.judge.comparison.large_difference import large_difference
from steps.judge.comparison.limiting_factor import WORDS, limiting_factor
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.fail_reasons import describe_worst, with_counts
from steps.judge.filters import disruptions, unattributed
from steps.judge.filters.comparability import unexplained
from steps.judge.filters.warmup import is_warming
from steps.judge.judgement_builder import build_judgement, undecided
from steps.judge.power import required_power
from steps.judge.statistics.strata import arm_counts
from steps.judge.wording import doubts, phrases, waits
from steps.model.evidence import Arm
from steps.model.judgement import Judgement, ReasonCode, Verdict

_Found = Iterator[Judgement | None]


def find_blocker(case: Case, outcomes: probe_verdict.Outcomes) -> Judgement | None:
    """Return the judgement that keeps the canary from passing, by the most serious reason, or None."""
    for group in (_disrupted(case), _wrong(case, outcomes), _suspect(case), _missing(case)):
        if found := next((one for one in group if one is not None), None):
            return found
    return None


def _disrupted(case: Case) -> _Found:
    """Pods that the cluster took away, which explain whatever else is missing."""
    if found := disruptions.pod_wait(case.health, case.rules):
        is_over = found.is_over or case.deadline_reached
        verdict = Verdict.INCONCLUSIVE if is_over else Verdict.CONTINUE
        yield build_judgement(case, verdict, ReasonCode.DISRUPTED, found.sentence)


def _wrong(case: Case, outcomes: probe_verdict.Outcomes) -> _Found:
    """What is wrong: evidence, traffic, both arms, the objective, pods or probes."""
    if (problem := case.evidence.problem) is not None:
        yield undecided(case, str(problem.kind), problem.sentence)
    disturbed = disruptions.is_recent(case.health, case.evidence.until - case.rules.silent_seconds)
    if not disturbed and (sentence := sample_size.silence(case.evidence, case.rung, case.rules)):
        yield build_judgement(case, Verdict.INCONCLUSIVE, ReasonCode.NO_TRAFFIC, sentence)
    if case.unattributed.blocks:
        yield undecided(case, ReasonCode.UNATTRIBUTED, unattributed.blocked(case.unattributed))
    yield _both_above_objective(case)
    yield _above_objective(case)
    if sentence := pod_health.blocked(case.health):
        yield undecided(case, ReasonCode.NOT_READY, sentence)
    if sentence := probe_verdict.blocked(outcomes):
        yield undecided(case, ReasonCode.SHARED if probe_verdict.both_fail(outcomes) else ReasonCode.PROBE, sentence)


def _suspect(case: Case) -> _Found:
    """What speaks against the canary without an alarm."""
    if case.full_weight:
        yield _doubtful_by_reference(case)
    else:
        yield _suspicious_evidence(case)
        yield _unexplained_answers(case)
        yield _large_difference(case)


def _missing(case: Case) -> _Found:
    """What is still missing, although nothing is wrong."""
    code = ReasonCode.TOO_FEW if case.deadline_reached else ReasonCode.COLLECTING
    if sentence := _unseen(case):
        yield undecided(case, ReasonCode.NO_TRAFFIC, sentence)
    if sentence := objective.unanswered(case.evidence.metrics, case.rules):
        yield undecided(case, code, sentence)
    pairs = zip(case.metrics, case.results, strict=True)
    if any(is_warming(metric, result.evidence, case.rules) for metric, result in pairs):
        yield undecided(case, code, waits.warming(case.rules.warmup_seconds))
    # A canary that is better beyond doubt needs no other power.
    detectable = 0.0 if case.superiority else case.detectable
    late = case.deadline_reached
    if sentence := sample_size.shortage(case.rung, detectable, case.rules, deadline_reached=late):
        yield undecided(case, code, sentence)
    seconds = case.evidence.until - case.evidence.started
    if sentence := required_power.insufficient_power(
        case.evidence, detectable, case.rules, seconds, deadline_reached=late
    ):
        yield undecided(case, code, sentence)
    yield _not_ruled_out(case)


def _not_ruled_out(case: Case) -> Judgement | None:
    """Before all users get the canary's version, it must be far from missing an objective, while patience lasts."""
    is_patient = case.rung.seconds < case.rules.patience_seconds and not case.deadline_reached
    if not case.evidence.before_promotion or not is_patient or case.full_weight or case.superiority:
        return None
    for promise in case.objectives:
        share = case.rules.ruled_out * promise.allowed
        seen = before_promotion.not_ruled_out(promise, share, case.evidence.rung_started)
        if seen is not None:
            sentence = waits.not_ruled_out(seen, promise.what, share, promise.flag, case.rules)
            return undecided(case, ReasonCode.COLLECTING, sentence, promise.metric.name)
    return None


def _both_above_objective(case: Case) -> Judgement | None:
    """Both arms are above an objective; a canary that meets it and is better beyond doubt is not blocked."""
    if case.superiority:
        return None
    for guard, promise in zip(case.guards, case.objectives, strict=True):
        if guard.state == "shared":
            return undecided(case, ReasonCode.SHARED, doubts.shared(guard, promise.what, promise.flag), guard.metric)
    for promise in case.objectives:
        allowed = case.allowed(promise)
        window = objective.missed_by_both(promise.series.strata, allowed, case.evidence.rung_started)
        if window is not None:
            counts = phrases.compared(window.canary, window.stable, promise.what, window.name)
            sentence = doubts.missed_by_both(counts, allowed, promise.flag)
            return undecided(case, ReasonCode.SHARED, sentence, promise.metric.name)
    return None


def _above_objective(case: Case) -> Judgement | None:
    for promise in case.objectives:
        allowed = case.allowed(promise)
        window = objective.broken(promise.series.strata, allowed, case.evidence.rung_started, case.rules.min_bad)
        if window is not None:
            counts = phrases.compared(window.canary, window.stable, promise.what, window.name)
            sentence = doubts.above_objective(counts, allowed, promise.flag, compared=window.stable.total > 0)
            return undecided(case, ReasonCode.ABOVE_OBJECTIVE, sentence, promise.metric.name)
    return None


def _doubtful_by_reference(case: Case) -> Judgement | None:
    for one, index, compared in case.references:
        if compared.state is ReferenceState.DOUBT:
            what = phrases.what(one.judgement, one.judgement.series[index])
            past = compared.reference
            sentence = doubts.worse_than_before(compared.now, what, past.counts, past.where, compared.allowed)
            return undecided(case, ReasonCode.SUSPECT, sentence, one.judgement.name)
    return None


def _suspicious_evidence(case: Case) -> Judgement | None:
    if case.suspicion < case.rules.suspect_e:
        return None
    one = max(case.compared, key=lambda result: result.judgement.weight * result.suspicious_value(), default=None)
    if one is None or one.judgement.weight * one.suspicious_value() < 1.0:
        return None
    series, since, _ = describe_worst(one)
    counts = phrases.comparison(one.judgement, series, phrases.since_when(since))
    sentence = doubts.suspicious(counts, case.suspicion, 1.0 / case.rules.alpha)
    return undecided(case, ReasonCode.SUSPECT, sentence, one.judgement.name)


def _unexplained_answers(case: Case) -> Judgement | None:
    for metric in case.metrics if case.stable_is_incomparable else ():
        if series := unexplained(metric, case.rules.min_bad):
            counts = arm_counts([stratum for stratum in series.strata if stratum.canary.total], Arm.CANARY)
            sentence = doubts.unexplained(counts, phrases.what_is_bad(metric.kind, metric.name, metric.unit, series))
            return undecided(case, ReasonCode.SUSPECT, sentence, metric.name)
    return None


def _large_difference(case: Case) -> Judgement | None:
    for one in case.compared:
        for index, series in enumerate(one.evidence.series):
            window = large_difference(series.strata, one.judgement.floor, case.rules, case.evidence.rung_started)
            if window is not None:
                numbers = with_counts(one.judgement.series[index], list(window.strata))
                counts = phrases.comparison(one.judgement, numbers, window.name)
                sentence = doubts.large_difference(counts, _limited_by(case, one, index))
                return undecided(case, ReasonCode.SUSPECT, sentence, one.judgement.name)
    return None


def _limited_by(case: Case, one: MetricResult, index: int) -> str:
    """Return in words what keeps the evidence of a series below the alarm line."""
    strata, limit = one.evidence.series[index].strata, log(1.0 / case.rules.alpha)
    found = limiting_factor(strata, case.rules, limit, case.ratios, aligned=case.aligned(one.evidence))
    return WORDS[found].format(phi=f"{one.paths[index].phi:.0f}")


def _unseen(case: Case) -> str | None:
    """Return the sentence for an arm without requests, or for a weight of 100 without any rule; else None."""
    if case.rung.canary and case.full_weight:
        return None if case.guards or case.references else waits.NOTHING_TO_JUDGE_BY
    if case.rung.canary and case.rung.stable:
        return None
    return waits.unseen("stable" if case.rung.canary else "canary", case.rung.seconds)
