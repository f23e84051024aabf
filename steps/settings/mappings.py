"""Settings that are mappings: NAME=value pairs for the command line, YAML or JSON for everything."""

from typing import Any

from steps.errors import SettingsError
from steps.settings.written_forms import ReadsAlso, text_form
from steps.settings.yaml_text import yaml_value


def as_mapping(value: Any) -> Any:  # noqa: ANN401 - what comes in may be anything; pydantic checks what comes out
    """Turn `A=1,B=2`, YAML or JSON into a dict; "" is an empty one.

    Raises:
        ValueError: it is neither.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return {}
    if text.startswith("{") or ":" in text.split("=", 1)[0]:
        return _from_yaml(text)
    pairs = [part.partition("=") for part in text.split(",")]
    bad = next((number for number, (name, equals, _) in enumerate(pairs, 1) if not equals or not name.strip()), None)
    if bad is not None:
        raise ValueError(f"part {bad} of {len(pairs)} is not a NAME=value pair; write A=1,B=2, or YAML")
    return {name.strip(): content for name, _, content in pairs}


def _from_yaml(text: str) -> Any:  # noqa: ANN401 - see as_mapping
    try:
        return yaml_value(text)
    except ValueError as error:
        raise ValueError(f"is neither NAME=value pairs nor YAML: {error}") from error


PAIRS = ReadsAlso(as_mapping, text_form("NAME=value pairs separated by commas, or YAML or JSON."))
"""How a setting that is a mapping may be written."""


def parse_header(line: str, flag: str) -> tuple[str, str]:
    """Read `Name: value` as a header.

    Raises:
        SettingsError: it is not one; the message does not repeat the value, which may be a secret.
    """
    name, colon, value = line.partition(":")
    if not colon or not name.strip() or not value.strip():
        raise SettingsError("reading the settings", f"{flag}: write `Name: value`, for example X-Scope-OrgID: team")
    return name.strip(), value.strip()
