"""YAML as people write it: small mappings on one line, long texts folded, everything doubtful in quotes."""

import json
import re
from collections.abc import Mapping, Sequence
from textwrap import wrap

WIDTH = 118
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*(:[A-Za-z0-9_./-]+)?")
_WORDS_THAT_NEED_QUOTES = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def to_yaml(document: Mapping[str, object]) -> str:
    """Return a document as YAML."""
    return "\n".join([*_mapping(document, 0), ""])


def text_field(name: str, text: str, indent: int) -> list[str]:
    """Return the lines of one field with a text: on one line in quotes, or folded if it is too long for that."""
    line = f"{' ' * indent}{name}: {_quoted(text)}"
    if len(line) > WIDTH or "\n" in text:
        return [f"{' ' * indent}{name}: >-", *_folded(text, indent + 2)]
    return [line]


def _mapping(value: Mapping[str, object], indent: int) -> list[str]:
    return [line for name, entry in value.items() for line in _field(name, entry, indent)]


def _field(name: str, value: object, indent: int) -> list[str]:
    space = " " * indent
    line = f"{space}{name}: {flow(value)}"
    if isinstance(value, str) and (len(line) > WIDTH or "\n" in value):
        return text_field(name, value, indent)
    if isinstance(value, str | bool | int) or not value:
        return [line]
    if indent and len(line) <= WIDTH and is_small(value):
        return [line]
    if isinstance(value, Mapping):
        return [f"{space}{name}:", *_mapping(value, indent + 2)]
    if isinstance(value, Sequence):
        return [f"{space}{name}:", *(line for item in value for line in _item(item, indent))]
    raise TypeError(f"{name}: {value!r} cannot be written as YAML here")


def _item(value: object, indent: int) -> list[str]:
    line = f"{' ' * indent}- {flow(value)}"
    if len(line) <= WIDTH or not isinstance(value, Mapping):
        return [line]
    first, *rest = _mapping(value, indent + 2)
    return [f"{' ' * indent}- {first.lstrip()}", *rest]


def is_small(value: object) -> bool:
    """Tell whether the value is readable on one line: each mapping in a list gets its own line."""
    return not (isinstance(value, Sequence) and any(isinstance(item, Mapping) for item in value))


def flow(value: object) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {flow(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS_THAT_NEED_QUOTES
        return value if is_plain else _quoted(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(flow, value)) + "]"
    return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _folded(text: str, indent: int) -> list[str]:
    space = " " * indent
    lines: list[str] = []
    for paragraph in text.split("\n"):
        # A word that is broken, or an expression at a hyphen, would get a space when it is read.
        lines += [""] if lines else []
        lines += wrap(
            paragraph,
            WIDTH,
            initial_indent=space,
            subsequent_indent=space,
            break_on_hyphens=False,
            break_long_words=False,
        )
    return lines
