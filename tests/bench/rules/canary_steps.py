"""Our own judge through its public interface: what `analyze` reads and judges on a rung, after every scrape.

An alarm that rests on one scrape, or comes as stable begins to fail, is looked at once more, as `analyze` does: the
users are on stable while its next scrapes show whether it fails too.
"""

from collections.abc import Sequence
from dataclasses import replace

from steps.evidence.comparison import Comparison
from steps.evidence.reader import EvidenceReader
from steps.judge import PassRule, Rules, judge
from steps.judge.case import Case
from steps.judge.fail_reasons import find_failure
from steps.judge.second_trial import TrialPolicy, after_alarm
from steps.judge.shared_cause import is_shared
from steps.model.evidence import Evidence, MetricKind, Stratum
from steps.model.judgement import Judgement, Verdict
from steps.model.trials import Trial
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.rollout import ARMS, Rollout
from tests.bench.simulation.traffic import BASELINE

_WEIGHT = 10
_DOUBT, _OUTAGE = 5.0, 0.3
"""The fail statistic, and the difference of the shares in one stratum, below which one more stratum is not an alarm."""


def read(rollout: Rollout, began: float | None = None) -> Evidence:
    """Read a rollout as `analyze` does, with the bounds chosen before the canary.

    Args:
        rollout: to read.
        began: when the present trial began, unix seconds; None for the first one.
    """
    client = rollout.prometheus(rollout.started)
    reader = EvidenceReader(client, ARMS)
    reader.choose_bounds()
    client.at = rollout.ended
    comparison = Comparison(control=f"{ARMS.stable}-{BASELINE}" if rollout.family.baseline else "")
    return reader.read(began or rollout.started, rollout.ended, weight=_WEIGHT, comparison=comparison)


def until(evidence: Evidence, end: float) -> Evidence:
    """Return the evidence as it was when the stratum that ends at `end` was the newest."""
    metrics = tuple(
        replace(
            metric,
            series=tuple(
                replace(one, strata=tuple(stratum for stratum in one.strata if stratum.end <= end))
                for one in metric.series
            ),
        )
        for metric in evidence.metrics
    )
    return replace(evidence, metrics=metrics, until=end, problem=None)


def canary_steps(rollout: Rollout, rules: Rules | None = None) -> Outcome:
    """Read and judge after every stratum until it fails, and stable does not fail right afterwards."""
    trials, passed, evidence = list[Trial](), list[float](), read(rollout)
    while True:
        outcome, alarm = _first_alarm(rollout, evidence, rules or Rules())
        passed += [] if outcome.passed_after is None else [outcome.passed_after]
        outcome = replace(outcome, passed_after=min(passed, default=None))
        if alarm is None or after_alarm(alarm, _WEIGHT, TrialPolicy(), trials).condemned:
            return outcome
        is_shared_cause, seen = ask_stable(evidence, alarm)
        if not is_shared_cause:
            return outcome
        trials.append(Trial(alarm.until, _WEIGHT, alarm.code, alarm.reason, alarm.metric or "", shared=True))
        evidence = read(rollout, rollout.visible(seen))


def ask_stable(evidence: Evidence, alarm: Judgement) -> tuple[bool, float]:
    """Return whether stable shares the cause of an alarm, and the end of the last stratum that was needed to know it.

    Not shared if there were too few strata after the alarm.
    """
    end = alarm.until
    for stratum in evidence.metrics[0].series[0].strata:
        if stratum.end > alarm.until:
            end = stratum.end
            found = is_shared(until(evidence, end), alarm.metric, alarm.until)
            if found is not None:
                return found, end
    return False, end


def decide(rollout: Rollout, evidence: Evidence, rules: Rules) -> Outcome:
    """Find the first stratum at which the judge fails the canary, and the first at which it would have passed.

    A later stratum may explain what looked like an alarm, so each that may be one is looked at, with the first of the
    judge's three questions. A test compares with asking the whole judge at all of them.
    """
    return _first_alarm(rollout, evidence, rules)[0]


def _first_alarm(rollout: Rollout, evidence: Evidence, rules: Rules) -> tuple[Outcome, Judgement | None]:
    main = evidence.metrics[0].series[0].strata if evidence.metrics else ()
    ends = [stratum.end for stratum in main if stratum.end > evidence.started and stratum.canary.total]
    if not ends:
        return Outcome(None, None, "no traffic"), None

    def fails(index: int) -> bool:
        return find_failure(Case(until(evidence, ends[index]), None, rules, deadline_reached=False), None) is not None

    def at(index: int) -> Judgement:
        return judge(until(evidence, ends[index]), None, rules, deadline_reached=False)

    failing = next((index for index in _suspects(evidence, ends, rules) if fails(index)), None)
    before = len(ends) if failing is None else failing
    passing = next((index for index in range(before) if at(index).verdict is Verdict.PASS), None)
    seen, passed = (None if i is None else rollout.visible(ends[i]) - rollout.started for i in (failing, passing))
    alarm = None if failing is None else at(failing)
    return Outcome(seen, passed, "" if alarm is None else _why(alarm)), alarm


def _suspects(evidence: Evidence, ends: Sequence[float], rules: Rules) -> list[int]:
    """Return the strata at which the judge might fail the canary, in order of time.

    The fail statistic of the whole run differs from the one at an earlier moment in its last stratum only, whose cap
    depends on stable's next one. So it must be at least `_DOUBT` nearby, or the stratum itself must look bad.
    """
    path = dict(Case(evidence, None, rules, deadline_reached=False).path)
    allowed = 1.0 - (rules.success_slo or 0.0)
    bad = {
        stratum.end
        for metric in evidence.metrics
        for series in metric.series
        for stratum in series.strata
        if stratum.canary.total and _looks_bad(stratum, allowed if metric.kind is MetricKind.ERRORS else 1.0)
    }
    doubtful = [path.get(end, 1.0) >= _DOUBT or end in bad for end in ends]
    return [i for i in range(len(ends)) if any(doubtful[max(0, i - 1) : i + 2])]


def _looks_bad(stratum: Stratum, allowed: float) -> bool:
    """Return whether the canary is above an objective, or fails far more than stable."""
    canary, stable = (counts.bad / max(1, counts.total) for counts in (stratum.canary, stratum.stable))
    return canary > allowed or canary > stable + _OUTAGE


def _why(judgement: Judgement) -> str:
    return f"{judgement.code}: {judgement.metric}" if judgement.metric else judgement.code


def proven(rollout: Rollout) -> Outcome:
    """Judge by the rule "proven"."""
    return canary_steps(rollout, Rules(pass_rule=PassRule.PROVEN))
