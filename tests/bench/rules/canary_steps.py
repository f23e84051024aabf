"""Our own judge through its public interface: what `analyze` reads and judges, after every scrape."""

from collections.abc import Sequence
from dataclasses import replace

from steps.evidence.comparison import Comparison
from steps.evidence.reader import EvidenceReader
from steps.judge import PassRule, Rules, judge
from steps.judge.case import Case
from steps.judge.fail_reasons import find_failure
from steps.model.evidence import Evidence, MetricKind, Stratum
from steps.model.judgement import Judgement, Verdict
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.rollout import ARMS, Rollout
from tests.bench.simulation.traffic import BASELINE

_WEIGHT = 10
_DOUBT, _OUTAGE = 5.0, 0.3
"""The fail statistic, and the difference of the shares in one stratum, below which one more stratum is not an alarm."""


def read(rollout: Rollout) -> Evidence:
    """Read a whole rollout as `analyze` does, with the bounds chosen before the canary."""
    client = rollout.prometheus(rollout.started)
    reader = EvidenceReader(client, ARMS)
    reader.choose_bounds()
    client.at = rollout.ended
    comparison = Comparison(control=f"{ARMS.stable}-{BASELINE}" if rollout.family.baseline else "")
    return reader.read(rollout.started, rollout.ended, weight=_WEIGHT, comparison=comparison)


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
    """Read and judge after every stratum until it fails."""
    return decide(rollout, read(rollout), rules or Rules())


def decide(rollout: Rollout, evidence: Evidence, rules: Rules) -> Outcome:
    """Find the first stratum at which the judge fails the canary, and the first at which it would have passed.

    A later stratum may explain what looked like an alarm, so each that may be one is looked at, with the first of the
    judge's three questions. A test compares with asking the whole judge at all of them.
    """
    main = evidence.metrics[0].series[0].strata if evidence.metrics else ()
    ends = [stratum.end for stratum in main if stratum.end > rollout.started and stratum.canary.total]
    if not ends:
        return Outcome(None, None, "no traffic")

    def fails(index: int) -> bool:
        return find_failure(Case(until(evidence, ends[index]), None, rules, deadline_reached=False), None) is not None

    def at(index: int) -> Judgement:
        return judge(until(evidence, ends[index]), None, rules, deadline_reached=False)

    failing = next((index for index in _suspects(evidence, ends, rules) if fails(index)), None)
    before = len(ends) if failing is None else failing
    passing = next((index for index in range(before) if at(index).verdict is Verdict.PASS), None)
    seen, passed = (None if i is None else rollout.visible(ends[i]) - rollout.started for i in (failing, passing))
    return Outcome(seen, passed, "" if failing is None else _why(at(failing)))


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
