"""The first release of an app whose serving Deployment does not exist yet."""

from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_settings import NoDecode

from steps.settings.base import StepSettings
from steps.settings.mappings import PAIRS


class BootstrapSettings(StepSettings):
    """For steps that make the serving Deployment from the one that people deploy."""

    subject: ClassVar[str] = "Preparation"

    stable_labels: Annotated[dict[str, str], NoDecode, PAIRS] = Field(
        {},
        description="Labels that tell stable's pods from the canary's, NAME=value, where bootstrap makes stable. "
        "Empty: those that its Service and subset ask for, else stable's name in place of the canary's.",
    )
