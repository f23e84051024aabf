"""Ask the judge, and name the control group in its answer if that is a baseline instead of stable."""

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
    """Return the judgement; with a baseline the reason says so, since the judge calls every control stable."""
    judgement = judge(evidence, health, rules, deadline_reached=deadline_reached, outcomes=outcomes)
    if not evidence.control:
        return judgement
    return replace(judgement, reason=f"against the baseline: {judgement.reason}")


def detectable_against_control(evidence: Evidence, rules: Rules, seconds: float) -> Forecast | None:
    """Return what a rung can detect at the traffic so far; with a baseline, only its own traffic counts.

    None while the traffic is not known, and for a hotfix, which is not compared.
    """
    if evidence.alone:
        return None
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
