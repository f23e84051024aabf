"""The Deployments of a release: how long their pods may take, and a baseline beside them."""

from typing import ClassVar

from pydantic import Field

from steps.settings.base import StepSettings
from steps.settings.kubernetes_names import LabelName


class ReadinessSettings(StepSettings):
    """For steps that wait for pods."""

    subject: ClassVar[str] = "Workload"

    container: LabelName = Field("", description="Container that is released. Needed where the pod has several.")
    ready_timeout_seconds: float = Field(
        300.0, gt=0, le=7200, description="How long pods may take to become ready, seconds."
    )


class DrainSettings(ReadinessSettings):
    """For steps that end a run: stable gets ready, the canary drains."""

    subject: ClassVar[str] = "Workload"

    drain_seconds: float = Field(
        5.0,
        ge=0,
        le=600,
        description="Time between the last request to the canary and scaling it down, seconds, so that requests in "
        "flight complete.",
    )
    drain_limit_seconds: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="How long to wait for requests to leave a side that stops, seconds. If Prometheus or the proxies "
        "of its pods still count some then, it stays up and the step ends with 4; if nobody counts, it stops. 0: "
        "nobody is asked, and only drain-seconds pass.",
    )


class BaselineSettings(StepSettings):
    """What the canary is compared with."""

    subject: ClassVar[str] = "Workload"

    baseline: bool = Field(
        default=False,
        description="Compare the canary with as many fresh pods of stable's template, instead of stable: both start "
        "with cold caches. They share the canary's destination, so they get half of each weight.",
    )
