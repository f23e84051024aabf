"""The weights of a rollout, checked before anything moves."""

import json
import re
from typing import Annotated, Any, ClassVar

from pydantic import Field, WithJsonSchema, field_validator
from pydantic_settings import NoDecode

from steps.settings.base import StepSettings
from steps.settings.lists import split_commas
from steps.settings.written_forms import ReadsAlso, text_form

_WEIGHTS = "write percents from 1 to 100, for example 5,25,50"


def _weights(value: Any) -> Any:  # noqa: ANN401 - what comes in may be anything
    entries = _entries(value)
    if not isinstance(entries, list | tuple):
        raise ValueError(f"must be a list of weights, {_WEIGHTS}")  # noqa: TRY004 - pydantic collects ValueErrors
    for entry in entries:
        if isinstance(entry, bool) or not re.fullmatch(r"-?[0-9]{1,9}", str(entry)):
            raise ValueError(f"weight {entry!r} is not a whole number; {_WEIGHTS}")
    return entries


def _entries(value: Any) -> Any:  # noqa: ANN401 - see `_weights`
    """Split text with commas, or parse the JSON list that a workflow loops over."""
    text = value.strip() if isinstance(value, str) else None
    if text is None:
        return value
    if not text.startswith("["):
        return split_commas(text) if text else []
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not a JSON list; {_WEIGHTS}") from error


_RUNGS = {"minItems": 1, "uniqueItems": True, "items": {"type": "integer", "minimum": 1, "maximum": 100}}
_TEXT = text_form(
    "Weights separated by commas, or a JSON list.", r"^\s*([0-9]+(\s*,\s*[0-9]+)*|\[\s*[0-9]+(\s*,\s*[0-9]+)*\s*\])\s*$"
)

Ladder = Annotated[tuple[int, ...], NoDecode, WithJsonSchema({"type": "array", **_RUNGS}), ReadsAlso(_weights, _TEXT)]
"""Weights of a rollout, percent, ascending."""


def require_ascending(ladder: tuple[int, ...]) -> tuple[int, ...]:
    """Return a ladder; ValueError says why it is not one."""
    if not ladder:
        raise ValueError("must have at least one weight, for example 5,25,50")
    outside = next((weight for weight in ladder if not 1 <= weight <= 100), None)  # noqa: PLR2004 - percent
    if outside is not None:
        raise ValueError(f"weight {outside} is outside 1-100")
    if list(ladder) != sorted(set(ladder)):
        raise ValueError("must ascend, each weight above the one before, for example 5,25,50")
    return ladder


class OptionalLadderSettings(StepSettings):
    """For steps to which the whole ladder may be given."""

    subject: ClassVar[str] = "Ladder"

    ladder: Ladder = Field(
        (),
        validate_default=False,
        examples=[[5, 25, 50], "5,25,50"],
        description="Weights that the run will climb, percent, ascending, 1-100; other weights are then refused, and "
        "promote needs a pass on the last one. Empty: not known, any weight may be set.",
    )

    @field_validator("ladder")
    @classmethod
    def _ascends(cls, ladder: tuple[int, ...]) -> tuple[int, ...]:
        return require_ascending(ladder)


class LadderSettings(OptionalLadderSettings):
    """For steps that climb the whole ladder."""

    subject: ClassVar[str] = "Ladder"

    ladder: Ladder = Field(
        (5, 25, 50),
        examples=[[5, 25, 50], "5,25,50"],
        description="Weights of the rollout, percent, ascending, 1-100.",
    )
