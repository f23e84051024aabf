"""Ask the judge, and say against whom the canary was judged where that is not stable itself."""

from dataclasses import replace

from steps.judge.power.detectable_effect import Forecast, forecast
from steps.judge.rules import Rules
from steps.judge.verdict import judge
from steps.model.evidence import Evidence, Health
from steps.model.judgement import Judgement
from steps.model.probes import ProbeResult

Outcomes = tuple[ProbeResult, ...] | None


def judge_against_control(
    evidence: Evidence, health: Health | None, rules: Rules, outcomes: Outcomes, *, deadline_reached: bool
) -> Judgement:
    """Return the judgement; its sentence, which calls the control stable, begins with the baseline if there is one."""
    judgement = judge(evidence, health, rules, deadline_reached=deadline_reached, outcomes=outcomes)
    if not evidence.control:
        return judgement
    return replace(judgement, reason=f"against the baseline: {judgement.reason}")


def detectable_against_control(evidence: Evidence, rules: Rules, seconds: float) -> Forecast | None:
    """Tell what a rung can show from the traffic so far: with a baseline from its own, not from stable's before it."""
    if not evidence.control:
        return forecast(evidence, rules, seconds)
    metrics = tuple(
        replace(
            metric,
            series=tuple(
                replace(series, strata=tuple(one for one in series.strata if one.start >= evidence.started))
                for series in metric.series
            ),
        )
        for metric in evidence.metrics
    )
    return forecast(replace(evidence, metrics=metrics), rules, seconds)
