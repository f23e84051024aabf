"""What a bake after the promotion needs to know: how long, and how the promoted version is judged."""

from typing import Final

from steps.settings.base import StepSettings
from steps.settings.evidence import EvidenceSettings
from steps.settings.judge import JudgeSettings
from steps.settings.promotion import PromotionSettings


class BakeSettings(PromotionSettings, EvidenceSettings, JudgeSettings):
    """For promote and rollout: how stable gets the judged version, and how it is judged afterwards."""


JUDGING: Final = frozenset(
    name
    for kind in (EvidenceSettings, JudgeSettings)
    for name in kind.model_fields
    if name not in StepSettings.model_fields
)
"""Settings of the bake alone: a promote without a bake does not look at them."""
