"""What the settings say about a hotfix, checked before anything is read."""

from dataclasses import replace
from typing import Final

from steps.actions.hotfix import HotfixPolicy
from steps.errors import SettingsError
from steps.judge.rules import PassRule, Rules
from steps.settings.hotfix import HotfixRungSettings
from steps.settings.objectives import latency_objective
from steps.settings.preparation import PreparationSettings

_READING: Final = "reading the settings"
_SCRAPES: Final = 3


def with_hotfix_settings(settings: PreparationSettings) -> PreparationSettings:
    """Return the settings as a hotfix uses them: without a baseline, whose pods would run the broken version.

    Raises:
        SettingsError: the reason is missing, nothing can judge it, or a setting of a hotfix is given without it.
    """
    if not settings.hotfix:
        given = [name for name in ("reason", "force") if getattr(settings, name)]
        if given:
            raise SettingsError(_READING, f"--{given[0]}: belongs to --hotfix; add that, or leave this out")
        return settings
    if not settings.reason:
        raise SettingsError(
            _READING, '--hotfix: needs --reason "why", one sentence that the record and notifications carry'
        )
    if settings.without_mesh_metrics:
        if not settings.probes:
            cause = "--hotfix: objectives are read from the mesh's metrics; without them name `probes` in canary.yaml"
            raise SettingsError(_READING, cause)
    elif not settings.success_slo and not settings.latency_slo:
        cause = "--hotfix: is judged by objectives alone, and there is none; set --success-slo (0.99) or --latency-slo"
        raise SettingsError(_READING, cause)
    return settings.model_copy(update={"baseline": False})


def hotfix_policy_of(settings: PreparationSettings) -> HotfixPolicy:
    """Return how a hotfix is released, and the objectives that stable must break."""
    objective = latency_objective(settings.latency_slo)
    rules = Rules(
        success_slo=settings.success_slo or None,
        latency_slo=1.0 - objective.quantile if objective else None,
        latency_limit_ms=objective.limit_ms if objective else None,
    )
    return HotfixPolicy(settings.hotfix_ladder, settings.force, rules)


def hotfix_rules(rules: Rules, settings: HotfixRungSettings) -> Rules:
    """Return the rules for a weight of a hotfix: what other releases wait for is left out, the objectives stay."""
    return replace(
        rules,
        pass_rule=PassRule.NO_HARM,
        must_detect=1.0,
        min_requests=settings.hotfix_min_requests,
        min_seconds=settings.hotfix_min_seconds,
        min_strata=min(rules.min_strata, _SCRAPES),
        patience_seconds=min(rules.patience_seconds, 4 * settings.hotfix_min_seconds),
        warmup_seconds=0.0,
    )
