"""How a rung is judged, what a fail does, and which files an analysis writes."""

from typing import ClassVar, Literal

from pydantic import Field

from steps.settings.cluster import DryRunSettings
from steps.settings.evidence import EvidenceSettings
from steps.settings.hotfix import HotfixRungSettings
from steps.settings.judge import DeadlineSettings, RuleSettings
from steps.settings.release import ClaimSettings
from steps.settings.workload import ReadinessSettings


class AnalysisSettings(
    ClaimSettings,
    DryRunSettings,
    ReadinessSettings,
    EvidenceSettings,
    RuleSettings,
    DeadlineSettings,
    HotfixRungSettings,
):
    """For analyze and rollout: how a rung is judged, what a fail does, and which files are written."""

    subject: ClassVar[str] = "Analysis"

    on_fail: Literal["retreat", "exit"] = Field(
        "retreat",
        description="retreat: return all weight to stable at once. exit: only report the verdict. Without --run: exit.",
    )
    judgement_file: str = Field("", description="Where to write the full judgement of the rung, JSON.")
    progress_file: str = Field(
        "", description="File for the rung's progress, as percent of the minimum that a pass needs: N/100."
    )
    record: str = Field(
        "", description="File that keeps all raw answers of Prometheus, for `replay`; compressed if it ends with .gz."
    )
