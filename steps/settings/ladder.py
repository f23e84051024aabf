"""The weights of a rollout, checked before anything moves."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from steps.settings.groups import split
from steps.settings.loading import StepSettings

_WEIGHTS = "write percents from 1 to 100, for example 5,25,50"


def _weights(value: Any) -> Any:  # noqa: ANN401 - what comes in may be anything
    entries = split(value) if not isinstance(value, str) or value.strip() else []
    if not isinstance(entries, list | tuple):
        raise ValueError(f"must be a list of weights, {_WEIGHTS}")  # noqa: TRY004 - pydantic collects ValueErrors
    for entry in entries:
        if isinstance(entry, bool) or not re.fullmatch(r"-?\d+", str(entry)):
            raise ValueError(f"weight {entry!r} is no whole number; {_WEIGHTS}")
    return entries


Ladder = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_weights)]
"""Weights of a rollout, percent, ascending."""


class Climbed(StepSettings):
    """For steps that know the whole ladder."""

    ladder: Ladder = Field((5, 25, 50), description="Weights of the rollout, percent, ascending, 1-100.")

    @field_validator("ladder")
    @classmethod
    def _ascends(cls, ladder: tuple[int, ...]) -> tuple[int, ...]:
        if not ladder:
            raise ValueError("must have at least one weight, for example 5,25,50")
        outside = next((weight for weight in ladder if not 1 <= weight <= 100), None)  # noqa: PLR2004 - percent
        if outside is not None:
            raise ValueError(f"weight {outside} is outside 1-100")
        if list(ladder) != sorted(set(ladder)):
            raise ValueError("must ascend, each weight above the one before, for example 5,25,50")
        return ladder
