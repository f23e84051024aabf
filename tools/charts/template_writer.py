"""Helm templates as people write them: YAML with the braces of Argo's own expressions escaped."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from tools.charts.conditions import ABSENT, Expression, When
from tools.tekton.yaml_writer import WIDTH, flow, is_small, text_field

_BRACES = re.compile(r"\{\{[^`]*?\}\}")


def head(origin: str) -> str:
    """Return the first line of a template: where it comes from."""
    return f"{{{{- /* Written by `make docs` from {origin}. Do not edit it; a test compares the two. */}}}}"


def under(condition: str, text: str) -> str:
    """Return a text that is rendered only under a condition."""
    return f"{{{{- if {condition} }}}}\n{text}\n{{{{- end }}}}"


def template(document: Mapping[str, object]) -> str:
    """Return the lines of a Helm template that renders a document."""
    return "\n".join(_mapping(document, 0))


def _mapping(value: Mapping[str, object], indent: int) -> list[str]:
    return [line for name, entry in value.items() for line in _entry(name, entry, indent)]


def _entry(name: str, entry: object, indent: int) -> list[str]:
    if not isinstance(entry, When):
        return list(_field(name, entry, indent))
    other = [] if entry.otherwise is ABSENT else ["{{- else }}", *_field(name, entry.otherwise, indent)]
    return [f"{{{{- if {entry.condition} }}}}", *_entry(name, entry.value, indent), *other, "{{- end }}"]


def _field(name: str, value: object, indent: int) -> Iterator[str]:
    space = " " * indent
    if not isinstance(value, Mapping | Sequence) or isinstance(value, str) or not value:
        yield from _scalar_field(name, value, indent)
    elif indent and _is_plain(value) and is_small(value) and len(line := f"{space}{name}: {_escaped(value)}") <= WIDTH:
        yield line
    elif isinstance(value, Mapping):
        yield f"{space}{name}:"
        yield from _mapping(value, indent + 2)
    else:
        yield f"{space}{name}:"
        for item in value:
            yield from _item(item, indent)


def _scalar_field(name: str, value: object, indent: int) -> Iterator[str]:
    line = f"{' ' * indent}{name}: {_scalar(value)}"
    is_text = isinstance(value, str) and not isinstance(value, Expression)
    if len(line) > WIDTH and is_text and not re.search(r"[{}\n]|  |^ | $", str(value)):
        yield from text_field(name, str(value), indent)
    else:
        yield line


def _item(item: object, indent: int) -> list[str]:
    if isinstance(item, When):
        return [f"{{{{- if {item.condition} }}}}", *_item(item.value, indent), "{{- end }}"]
    if not isinstance(item, Mapping) and not _is_list(item):
        return [f"{' ' * indent}- {_scalar(item)}"]
    line = f"{' ' * indent}- {_escaped(item)}" if _is_plain(item) else ""
    if line and len(line) <= WIDTH:
        return [line]
    if isinstance(item, Mapping):
        first, *rest = _mapping(item, indent + 2)
    else:
        first, *rest = [line for entry in _entries(item) for line in _item(entry, indent + 2)]
    if first.startswith("{{-"):
        raise ValueError(f"the first entry of a list's item cannot depend on a condition: {item!r}")
    return [f"{' ' * indent}- {first.lstrip()}", *rest]


def _scalar(value: object) -> str:
    return f"{{{{ {value} }}}}" if isinstance(value, Expression) else _escaped(value)


def _escaped(value: object) -> str:
    """Return a value on one line; Argo's braces are literals for Helm."""
    text = _BRACES.sub(r"{{`\g<0>`}}", json.dumps(value) if value in ({}, []) else flow(value))
    if text.count("{{") != 2 * text.count("{{`{{"):
        raise ValueError(f"the braces of {value!r} cannot be escaped for Helm")
    return text


def _is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return all(map(_is_plain, _entries(value))) if _is_list(value) else not isinstance(value, When | Expression)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _entries(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) else ()
