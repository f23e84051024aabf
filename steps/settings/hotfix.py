"""A hotfix: a release for when stable is the broken one, judged without it."""

from typing import ClassVar, Final

from pydantic import Field, field_validator

from steps.settings.base import StepSettings
from steps.settings.ladder import Ladder, require_ascending
from steps.settings.sentence import Sentence

ONE_RUN_ONLY: Final = frozenset({"hotfix", "force", "reason"})
"""Settings that hold for one run, by a flag or a variable: a hotfix that a file switches on would be every release."""


class HotfixSettings(StepSettings):
    """For prepare and rollout: whether the release is a hotfix, and why."""

    subject: ClassVar[str] = "Hotfix"

    hotfix: bool = Field(
        default=False,
        description="Stable is the broken one: release without a comparison with it, by the objectives, the pods and "
        "the probes alone, on the weights of hotfix-ladder. Refused while stable keeps its objectives. Needs a reason. "
        "Not in canary.yaml.",
    )
    reason: Sentence = Field(
        "",
        max_length=300,
        description="Why the release is a hotfix, one sentence for the record, Events and notifications. Not in "
        "canary.yaml.",
    )
    force: bool = Field(
        default=False,
        description="Release the hotfix although stable keeps its objectives, or although nothing tells whether it "
        "does. Not in canary.yaml.",
    )
    hotfix_ladder: Ladder = Field(
        (25, 100),
        examples=[[25, 100], "25,100"],
        description="Weights of a hotfix, percent, ascending, in place of the ladder. Only the last one where stable "
        "serves nobody: no pod is ready, or at least half of its requests fail.",
    )

    @field_validator("hotfix_ladder")
    @classmethod
    def _hotfix_ascends(cls, ladder: tuple[int, ...]) -> tuple[int, ...]:
        return require_ascending(ladder)


class HotfixRungSettings(StepSettings):
    """For analyze and rollout: what a weight of a hotfix needs for a pass; the rules of other releases are slower."""

    subject: ClassVar[str] = "Hotfix"

    hotfix_min_seconds: float = Field(
        10.0,
        ge=0,
        le=3600,
        description="Minimum time on a weight of a hotfix before it may pass, seconds; twice as long for a pass by "
        "probes alone, where there are too few requests.",
    )
    hotfix_min_requests: int = Field(
        20, ge=1, description="Minimum canary requests on a weight of a hotfix before it may pass early."
    )
    hotfix_timeout_seconds: float = Field(
        300.0, gt=0, le=86400, description="Deadline for judging one weight of a hotfix, seconds."
    )
