"""`metric-labels`: label matchers of every query, exact (`cluster=eu`) or by a regular expression (`region=~eu-.*`)."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_settings import NoDecode

from steps.settings.written_forms import ReadsAlso, text_form
from steps.settings.yaml_text import yaml_value

REGEX: Final = "~"
"""First character of a value that is a regular expression: what `region=~eu-.*` leaves after its first `=`."""

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RESERVED: Final = frozenset(
    {
        "__name__", "destination_workload", "destination_workload_namespace", "grpc_response_status", "le", "reporter",
        "response_code", "response_flags",
    }
)  # fmt: skip
"""Labels that the queries set or the judge reads: a matcher for one of them would hide series from the judge."""

_NOT_RE2: Final = re.compile(r"\(\?(=|!|<=|<!)|\\[1-9]")
_MAX_LENGTH: Final = 500
_MAX_MATCHERS: Final = 20


def checked_regex(value: str) -> str:
    """Return a regular expression in the syntax that Prometheus (RE2) and Python share.

    Raises:
        ValueError: it is not one.
    """
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"must be a regular expression: {error}") from error
    if found := _NOT_RE2.search(value):
        raise ValueError(f"must be a regular expression of RE2, which does not support {found.group()}")
    return value


def _pairs(value: Any) -> Any:  # noqa: ANN401 - what comes in may be anything; pydantic checks what comes out
    """Turn text, and a list of `label=value`, into a mapping."""
    if isinstance(value, str):
        value = _read(value.strip())
    if not isinstance(value, list | tuple):
        return value
    found: dict[str, str] = {}
    for entry in value:
        label, equals, wanted = entry.partition("=") if isinstance(entry, str) else ("", "", "")
        if not equals:
            raise ValueError(f"{entry!r} is not a matcher; write label=value or label=~regex")
        if label.strip() in found:
            raise ValueError(f"{label.strip()!r} is given twice; write one regular expression, {label.strip()}=~a|b")
        found[label.strip()] = wanted
    return found


def _read(text: str) -> Any:  # noqa: ANN401 - see _pairs
    if not text.startswith(("[", "{")):
        return [part for part in text.split(",") if part.strip()]
    try:
        return yaml_value(text)
    except ValueError as error:
        raise ValueError(f"is neither label=value pairs nor YAML: {error}") from error


def _checked(found: dict[str, str]) -> dict[str, str]:
    for label, value in found.items():
        if not _LABEL.fullmatch(label):
            raise ValueError(f"{label!r} is not the name of a label; write label=value or label=~regex")
        if label in _RESERVED:
            raise ValueError(f"{label!r} is set or read by canary-steps itself; choose a label such as cluster")
        if len(value) > _MAX_LENGTH:
            raise ValueError(f"the value of {label!r} has more than {_MAX_LENGTH} characters")
        if value.startswith(REGEX):
            checked_regex(value.removeprefix(REGEX))
    return found


_NAME = {"pattern": f"^{_LABEL.pattern}$", "not": {"enum": sorted(_RESERVED)}}
_MAPPING = {
    "type": "object",
    "propertyNames": {"type": "string", **_NAME},
    "additionalProperties": {"type": "string", "maxLength": _MAX_LENGTH},
    "maxProperties": _MAX_MATCHERS,
}
_ENTRIES = {"type": "array", "items": text_form("`label=value` or `label=~regex`.", f"^\\s*{_LABEL.pattern}\\s*=")}
_TEXT = text_form("`label=value` or `label=~regex`, separated by commas; or YAML.")

Matchers = Annotated[
    dict[str, str],
    NoDecode,
    WithJsonSchema(_MAPPING),
    Field(max_length=_MAX_MATCHERS),
    ReadsAlso(_pairs, _ENTRIES, _TEXT),
    AfterValidator(_checked),
]
"""Label → value; a value that begins with "~" is a regular expression for the whole value."""
