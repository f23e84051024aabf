"""Build the judge's rules, and the policy for rungs."""

from steps.actions.judge_rung import RungPolicy
from steps.actions.second_trial import SecondTrial
from steps.actions.teardown import TeardownPolicy
from steps.actions.watch import WatchLimits
from steps.evidence.reader import EvidenceReader
from steps.judge.rules import PassRule, Rules
from steps.judge.second_trial import Mode, TrialPolicy
from steps.settings.analysis import AnalysisSettings
from steps.settings.judge import JudgeSettings, TrialSettings
from steps.settings.objectives import latency_objective
from steps.traffic.traffic import Traffic
from steps.wiring.hotfix import hotfix_rules
from steps.workload.workload import Workload


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


def trial_policy_of(settings: TrialSettings) -> TrialPolicy:
    """Return what follows an alarm."""
    return TrialPolicy(Mode(settings.second_trial), settings.second_trial_failures)


def rung_policy_of(settings: AnalysisSettings, *, hold: bool = False, hotfix: bool = False) -> RungPolicy:
    """Return how rungs are judged. A dry run looks once: what it would wait for cannot come."""
    timeout_seconds = settings.hotfix_timeout_seconds if hotfix else settings.timeout_seconds
    timeout_seconds = 0.0 if settings.dry_run else timeout_seconds
    rules = rules_of(settings)
    limits = WatchLimits(timeout_seconds, settings.poll_seconds, hold, settings.on_inconclusive == "pause")
    return RungPolicy(
        rules=hotfix_rules(rules, settings) if hotfix else rules,
        limits=limits,
        ready_timeout_seconds=settings.ready_timeout_seconds,
        retreats=settings.on_fail == "retreat",
        passes_inconclusive=settings.on_inconclusive == "pass",
    )


def second_trial_of(
    settings: AnalysisSettings, reader: EvidenceReader, teardown: TeardownPolicy, traffic: Traffic, workload: Workload
) -> SecondTrial | None:
    """Return what follows an alarm, None where nothing moves the users."""
    policy = trial_policy_of(settings)
    if settings.on_fail != "retreat" or settings.dry_run:
        return None
    return SecondTrial(policy, reader, teardown, traffic, workload)
