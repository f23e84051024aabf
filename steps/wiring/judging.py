"""Build the judge's rules."""

from steps.judge.rules import PassRule, Rules
from steps.settings.judge import JudgeSettings
from steps.settings.objectives import latency_objective


def rules_of(settings: JudgeSettings) -> Rules:
    """Return the judge's rules."""
    objective = latency_objective(settings.latency_slo)
    return Rules(
        alpha=settings.alpha,
        pass_rule=PassRule(settings.pass_rule),
        ratio=settings.tolerated_ratio,
        success_slo=settings.success_slo or None,
        latency_slo=1.0 - objective.quantile if objective else None,
        latency_limit_ms=objective.limit_ms if objective else None,
        must_detect=settings.must_detect,
        min_requests=settings.min_requests,
        min_seconds=settings.min_seconds,
        min_strata=settings.min_scrapes,
        patience_seconds=settings.patience_seconds,
        max_restarts=settings.max_restarts,
        warmup_seconds=settings.warmup_seconds,
        down_fail_seconds=settings.down_fail_seconds,
        unready_fail_seconds=settings.unready_fail_seconds,
        disruption_seconds=settings.disruption_seconds,
    )
