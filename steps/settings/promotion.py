"""How stable gets the judged version."""

from typing import ClassVar, Literal

from pydantic import Field

from steps.settings.cluster import DryRunSettings
from steps.settings.release import ClaimSettings
from steps.settings.workload import DrainSettings


class PromotionSettings(ClaimSettings, DryRunSettings, DrainSettings):
    """For promote and rollout: how stable gets the judged version."""

    subject: ClassVar[str] = "Promotion"

    template_by: Literal["canary", "external"] = Field(
        "canary",
        description="Who updates stable's template: canary = this step copies the judged one; external = Git or a "
        "person does, and this step waits until stable runs the judged images.",
    )
    bake_seconds: float = Field(
        0.0,
        ge=0,
        le=86400,
        description="How long the promoted version is judged after the promotion, seconds: by its pods, the objectives "
        "and what was before. On fail the promotion is undone. 0: not at all.",
    )
    standby_seconds: float = Field(
        300.0,
        ge=0,
        le=86400,
        description="How long the old arm of a swap stays ready from weight 100 on, seconds; then it is scaled to 0, "
        "unless other routes lead to it.",
    )
    keep_standby: bool = Field(
        default=False,
        description="Leave the old arm of a swap running after the promotion, for undo in no time; nothing waits then.",
    )
