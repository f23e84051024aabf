"""Types that may be written in several forms, and what their validators demand, both shown in the JSON schema.

Pydantic sees types and limits alone: a validator that reads text as a list, or checks a name, is opaque to it.
"""

from collections.abc import Callable
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_LABEL: Final = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_PART: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_PART}(\.{_PART})*"
_LONGEST_SUBDOMAIN: Final = 253


class ReadsAlso:
    """A validator that turns further forms into the type that it annotates: text into a list, a list into a mapping.

    Args:
        read: returns the value in the type's own form; raises ValueError.
        forms: JSON schema of each further form.
    """

    def __init__(self, read: Callable[[Any], Any], *forms: JsonSchemaValue) -> None:
        self._read = read
        self._forms = forms

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - any type
        """Return the type's schema behind the reading function."""
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the type's own form beside the further ones."""
        return {"anyOf": [handler(core), *self._forms]}


def text_form(description: str, pattern: str = "") -> JsonSchemaValue:
    """Return the JSON schema of text.

    Args:
        description: what the text holds.
        pattern: of the text, in syntax that Python, JavaScript and RE2 share; "" for any text.
    """
    form: JsonSchemaValue = {"type": "string", "description": description}
    return {**form, "pattern": pattern} if pattern else form


def _name_schema(pattern: str, longest: int | None = None) -> WithJsonSchema:
    limit = {} if longest is None else {"maxLength": longest}
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$", **limit})


LABEL_SCHEMA: Final = _name_schema(f"({_LABEL})?")
SUBDOMAIN_SCHEMA: Final = _name_schema(f"({_SUBDOMAIN})?", _LONGEST_SUBDOMAIN)
HOST_SCHEMA: Final = _name_schema(rf"\*|(\*\.)?{_SUBDOMAIN}|", _LONGEST_SUBDOMAIN + len("*."))
QUALIFIED_SCHEMA: Final = _name_schema(f"({_LABEL}/)?{_SUBDOMAIN}")
DESTINATION_SCHEMA: Final = _name_schema(f"({_SUBDOMAIN})?(/{_LABEL})?")
