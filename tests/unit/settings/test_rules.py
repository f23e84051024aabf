"""The rules that a recording keeps are the judge's own settings."""

from __future__ import annotations

from steps.settings.judge import RULES, RuleSettings, rules_to_record


def test_a_recording_keeps_the_rules_and_nothing_else() -> None:
    """A replay must not take the path of a canary.yaml or the format of log lines from a recording."""
    recorded = rules_to_record(RuleSettings.model_validate({"min_seconds": 4.0}))
    assert set(RULES) == set(recorded)
    assert 4.0 == recorded["min_seconds"]
    assert {"alpha", "latency_slo", "timeout_seconds", "second_trial"} <= set(RULES)
    assert set() == set(RULES) & {"config", "log_format"}
