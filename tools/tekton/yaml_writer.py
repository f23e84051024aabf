"""YAML as people write it: small mappings on one line, long texts folded, everything doubtful in quotes."""

import json
import re
from collections.abc import Mapping, Sequence
from textwrap import wrap

_WIDTH = 118
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*(:[A-Za-z0-9_./-]+)?")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def emit(value: Mapping[str, object]) -> str:
    """Return a document."""
    return "\n".join([*_mapping(value, 0), ""])


def _mapping(value: Mapping[str, object], indent: int) -> list[str]:
    return [line for name, entry in value.items() for line in _entry(name, entry, indent)]


def _entry(name: str, value: object, indent: int) -> list[str]:
    space = " " * indent
    line = f"{space}{name}: {_flow(value)}"
    if isinstance(value, str) and (len(line) > _WIDTH or "\n" in value):
        return [f"{space}{name}: >-", *_folded(value, indent + 2)]
    if isinstance(value, str | bool | int) or not value:
        return [line]
    if indent and len(line) <= _WIDTH and _is_small(value):
        return [line]
    if isinstance(value, Mapping):
        return [f"{space}{name}:", *_mapping(value, indent + 2)]
    if isinstance(value, Sequence):
        return [f"{space}{name}:", *(line for one in value for line in _item(one, indent))]
    raise TypeError(f"{name}: {value!r} has no YAML here")


def _item(value: object, indent: int) -> list[str]:
    line = f"{' ' * indent}- {_flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, Mapping):
        return [line]
    first, *rest = _mapping(value, indent + 2)
    return [f"{' ' * indent}- {first.lstrip()}", *rest]


def _is_small(value: object) -> bool:
    """Tell whether one line shows it well: lists of mappings have a line each."""
    return not (isinstance(value, Sequence) and any(isinstance(one, Mapping) for one in value))


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return json.dumps(value)


def _folded(text: str, indent: int) -> list[str]:
    space = " " * indent
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += ([""] if lines else []) + wrap(
            paragraph, _WIDTH, initial_indent=space, subsequent_indent=space, break_on_hyphens=False
        )
    return lines
