"""What became of the fields of a manifest: one line for each."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

_USER_INFO = re.compile(r"(://)[^/@\s]*@")
_SECRET = re.compile(r"(?i)(password|token|secret|credential|authorization|api.?key)")
_MAX_SHOWN = 100


class Fate(StrEnum):
    """What became of a field."""

    TAKEN = "taken"
    REPLACED = "replaced"
    DROPPED = "dropped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the account.

    Args:
        path: of the field in its document, "spec.analysis.interval".
        value: as the manifest has it, short; "" if the field is absent.
        fate: of the field.
        text: what it became, or the reason and the remedy.
        is_malformed: whether the field is unknown, missing or of the wrong type, so that nothing can be made of it.
    """

    path: str
    value: str
    fate: Fate
    text: str
    is_malformed: bool = False

    def under(self, name: str) -> "Line":
        """Return the line with the name of its object before the path."""
        return replace(self, path=f"{name}: {self.path}")

    def __str__(self) -> str:
        """Return the line for a person."""
        value = f" = {self.value}" if self.value else ""
        return f"{self.path}{value}: {self.fate}: {self.text}"


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of the manifest became.

    Args:
        lines: of the account.
        settings: by name, with underscores.
        origins: path of the field that a setting comes from, by the setting's name.
    """

    lines: tuple[Line, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


def shown(value: object, name: str = "") -> str:
    """Return a value as messages show it: short, and without what may be a secret."""
    if _SECRET.search(name):
        return "***"
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        text = str(type(value).__name__)
    text = _USER_INFO.sub(r"\1***@", text)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
