"""The lists in canary.yaml: entries of nested models; errors name the full path."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from steps.settings.yaml_text import yaml_value


class Spec(BaseModel):
    """An entry of a list in canary.yaml; its names are written with hyphens, as flags are."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
    )


EntryName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$")]
"""Name of an entry in messages: at most 40 of a-z, 0-9 and '-'."""


def parse_entries(value: Any) -> Any:  # noqa: ANN401 - what comes in may be anything; pydantic checks what comes out
    """Return a list as it is, and text (a flag, a variable) parsed as YAML or JSON.

    Raises:
        ValueError: the text is neither.
    """
    if not isinstance(value, str):
        return value
    try:
        return yaml_value(value) or ()
    except ValueError as error:
        raise ValueError(f"must be a YAML list: {error}") from error


def unique_names(found: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the entries, unless two of them share a name.

    Raises:
        ValueError: two do.
    """
    names = [entry.name for entry in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is the name of two entries; give each its own")
    return found
