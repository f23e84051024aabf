"""The judge's rules, and how to wait for its verdict."""

from typing import ClassVar, Final, Literal

from pydantic import Field

from steps.settings.base import StepSettings
from steps.settings.objectives import LatencyObjectiveText


class ObjectiveSettings(StepSettings):
    """The objectives, which both prepare and the judge need."""

    subject: ClassVar[str] = "Judge"

    latency_slo: LatencyObjectiveText = Field(
        "",
        examples=["p99=500ms", "p99.9=1.5s", "0.99=500ms"],
        description="Latency objective for the absolute guard, quantile and limit: p99=500ms, p99.9=1.5s or "
        "0.99=500ms. A limit between two bucket bounds counts as the larger one. Empty: none.",
    )
    success_slo: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Minimum success ratio (0-1) for the absolute guard; 0 disables it. A canary below it cannot pass "
        "while stable is above it.",
    )


class JudgeSettings(ObjectiveSettings):
    """When the judge passes and fails a canary; docs/judge.md explains the other rules."""

    subject: ClassVar[str] = "Judge"

    pass_rule: Literal["no-harm", "proven"] = Field(
        "no-harm",
        description="no-harm: there was enough traffic and no sign of harm. proven: the canary is shown to be at most "
        "half a percentage point worse than stable; for the last rung of busy services.",
    )
    must_detect: float = Field(
        1.0,
        gt=0,
        le=1,
        description="A pass needs enough traffic to detect a rise to this share of failed requests (0-1) nine times "
        "out of ten; 1: enough to detect a total failure.",
    )
    alpha: float = Field(
        0.01, gt=0, lt=0.5, description="Chance of a false alarm in one rollout (0-1), however often the judge looks."
    )
    tolerated_ratio: float = Field(
        1.25, ge=1, le=10, description="Maximum tolerated ratio of the canary's failure rate to stable's (>= 1)."
    )
    min_requests: int = Field(50, ge=1, description="Minimum canary requests on a rung before it may pass early.")
    min_seconds: float = Field(30.0, ge=0, description="Minimum time on a rung before it may pass, seconds.")
    min_scrapes: int = Field(
        3, ge=1, le=100, description="Minimum scrapes with canary requests on a rung before it may pass."
    )
    patience_seconds: float = Field(
        120.0,
        ge=0,
        description="After this time on a rung, seconds, a service with little traffic passes with fewer requests, if "
        "a canary that fails most of them would have been detected. For so long the last weight of the ladder waits "
        "until five times what an objective allows is ruled out.",
    )
    warmup_seconds: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="Latency counts from this time after the canary's youngest pod became ready, seconds: new pods are "
        "slow at first; 60 suits a JVM. Errors and the guard count at once; a pass waits for latency data.",
    )
    max_restarts: int = Field(2, ge=0, description="Maximum container restarts of the canary in a run; more fail it.")
    down_fail_seconds: float = Field(
        5.0,
        ge=0,
        le=3600,
        description="A canary without a ready pod fails after this time, seconds, unless a disruption explains it.",
    )
    unready_fail_seconds: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="A canary with some pods unready fails after this time, seconds, unless a disruption explains it.",
    )
    disruption_seconds: float = Field(
        600.0,
        ge=0,
        le=86400,
        description="How long to wait for new pods after a cluster event took some away (eviction, drain, preemption, "
        "lost node, deletion), seconds; meanwhile users are on stable if no canary pod is ready. 0: inconclusive at "
        "once. Kubernetes replaces the pods of a dead node only after five minutes.",
    )
    timeout_seconds: float = Field(
        600.0,
        gt=0,
        le=86400,
        description="Deadline for judging one rung, seconds; after it the rung is inconclusive.",
    )


class TrialSettings(StepSettings):
    """What follows an alarm."""

    subject: ClassVar[str] = "Judge"

    second_trial: Literal["auto", "never", "always"] = Field(
        "never",
        description="After an alarm, return the users early and let fresh pods of the canary show whether the version "
        "is to blame, from the lowest rung on. auto: unless that is certain, as for pods that crash. always: even so. "
        "never: the first alarm fails the canary; one that rests on a single scrape, or comes as stable begins "
        "to fail, does so unless stable's next two "
        "fail too, with the users back already. Not where an autoscaler sets the canary's pods, nor for a hotfix.",
    )
    second_trial_failures: int = Field(
        200,
        ge=0,
        le=1_000_000,
        description="Maximum of requests that all trials after the first may fail beyond stable's rate; more fail the "
        "canary.",
    )


class RuleSettings(JudgeSettings, TrialSettings):
    """Everything that a verdict follows from."""

    subject: ClassVar[str] = "Judge"


RULES: Final = tuple(name for name in RuleSettings.model_fields if name not in StepSettings.model_fields)
"""Names of the rules, which a recording keeps, so that a replay can judge by them."""


def rules_to_record(settings: RuleSettings) -> dict[str, object]:
    """Return the rules by name, for a recording."""
    return settings.model_dump(include=set(RULES))


class DeadlineSettings(StepSettings):
    """How to wait for a verdict, and what happens at the deadline without one."""

    subject: ClassVar[str] = "Analysis"

    poll_seconds: float = Field(
        0.0,
        ge=0,
        le=60,
        description="Time between reads of Prometheus, seconds. 0: when a scrape is due, 0.3 to 5.",
    )
    on_inconclusive: Literal["fail", "pause", "pass"] = Field(
        "fail",
        description="At the deadline without a verdict: fail ends with 6; pause keeps judging until the run is "
        "approved or the timeout passes once more, then ends with 6; pass goes on and reports that it did.",
    )
