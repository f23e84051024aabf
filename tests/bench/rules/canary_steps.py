"""Our own judge through its public interface: what `analyze` reads and judges, after every scrape."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from steps.evidence.comparison import Comparison
from steps.evidence.reader import EvidenceReader
from steps.judge import PassRule, Rules, judge
from steps.model.evidence import Evidence, Stratum
from steps.model.judgement import Judgement, ReasonCode, Verdict
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.rollout import ARMS, Rollout
from tests.bench.simulation.traffic import BASELINE

_GUARDED = 3
_WEIGHT = 10
Look = Callable[[int], Judgement]
"""The judgement after so many strata."""


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
    """Find the first failing stratum in few calls, since the comparison's alarm is permanent.

    Once crossed, the line stays crossed, so the first failing stratum is found by bisection; the guard comes and goes
    and is asked wherever its last strata are out of bounds. A test compares with looking at every stratum.
    """
    main = evidence.metrics[0].series[0].strata if evidence.metrics else ()
    ends = [stratum.end for stratum in main if stratum.end > rollout.started and stratum.canary.total]
    if not ends:
        return Outcome(None, None, "no traffic")

    def at(index: int) -> Judgement:
        return judge(until(evidence, ends[index]), None, rules, deadline_reached=False)

    failing, why = _comparison(at, len(ends))
    for index in _guarded(main, ends, rules):
        if failing is not None and index >= failing:
            break
        judgement = at(index)
        if judgement.verdict is Verdict.FAIL:
            failing, why = index, judgement.code
            break
    passing = _passed(at, len(ends) if failing is None else failing)
    seen, passed = (None if i is None else rollout.visible(ends[i]) - rollout.started for i in (failing, passing))
    return Outcome(seen, passed, why)


def proven(rollout: Rollout) -> Outcome:
    """Judge by the rule "proven"."""
    return canary_steps(rollout, Rules(pass_rule=PassRule.PROVEN))


def _comparison(at: Look, count: int) -> tuple[int | None, str]:
    last = at(count - 1)
    if last.alarm_at is None:
        return None, ""
    low, high, found = -1, count - 1, last
    while high - low > 1:
        middle = (low + high) // 2
        judgement = at(middle)
        if judgement.alarm_at is None:
            low = middle
        else:
            high, found = middle, judgement
    return high, f"{ReasonCode.WORSE}: {found.metric}"


def _guarded(strata: Sequence[Stratum], ends: Sequence[float], rules: Rules) -> list[int]:
    """Return the strata at which the guard could alarm: the canary's last three are above the objective."""
    if rules.success_slo is None:
        return []
    exposed = [stratum for stratum in strata if stratum.end >= ends[0] and stratum.canary.total]
    out = [stratum.canary.bad > (1.0 - rules.success_slo) * stratum.canary.total for stratum in exposed]
    enough = [
        sum(stratum.canary.bad for stratum in exposed[max(0, i - _GUARDED + 1) : i + 1]) >= rules.guard_bad
        for i in range(len(exposed))
    ]
    return [i for i in range(_GUARDED - 1, len(out)) if enough[i] and all(out[i - _GUARDED + 1 : i + 1])]


def _passed(at: Look, count: int) -> int | None:
    return next((index for index in range(count) if at(index).verdict is Verdict.PASS), None)
