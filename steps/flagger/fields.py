"""Walk through a document by the table: every field gets a line of the account, known or not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from steps.flagger.account import Fate, Line, shown
from steps.flagger.table.row import Row, Type


@dataclass(slots=True)
class Node:
    """A field and those that it holds.

    Args:
        row: of the table, None for a field that only holds others.
        children: by name; `[]` for the entries of a list, `{}` for those of a map.
    """

    row: Row | None = None
    children: dict[str, "Node"] = field(default_factory=dict)


def tree_of(table: Sequence[Row]) -> Node:
    """Return the rows of a document as a tree."""
    root = Node()
    for row in table:
        at = root
        for part in parts_of(row.path):
            at = at.children.setdefault(part, Node())
        at.row = row
    return root


def parts_of(path: str) -> list[str]:
    """Return the parts of a path: `a[].b{}` has a, [], b and {}."""
    return path.replace("[]", ".[]").replace("{}", ".{}").split(".")


def lines_of(root: Node, document: Mapping[str, Any]) -> list[Line]:
    """Return a line for every field of a document, as the table decides, and for every one that is wrong."""
    return list(_object(root, document, "", None))


def _walk(node: Node, value: object, path: str, above: Row | None) -> Iterator[Line]:
    """Return the lines of a field.

    Args:
        node: of the tree.
        value: of the document.
        path: of the value.
        above: the row of the field that has the one line of all that it holds.
    """
    row = node.row
    if value is None:
        yield Line(path, "null", Fate.DROPPED, "null counts as not set")
        return
    yield from _whole(row, value, path, above)
    above = above or (row if row is not None and row.is_whole else None)
    for name, walk in (("[]", _list), ("{}", _map)):
        if name in node.children:
            yield from walk(node, value, path, above)
            return
    if not node.children:
        yield from _leaf(row, value, path, above)
    elif isinstance(value, Mapping):
        yield from _object(node, value, path, above)
    else:
        yield _wrong(path, value, "`name: value` pairs")


def _whole(row: Row | None, value: object, path: str, above: Row | None) -> Iterator[Line]:
    """Return the one line of a field that holds others, and one for an empty field, which holds none."""
    if above is not None or (row is not None and row.type is not None and not row.is_whole):
        return
    if value in ({}, []):
        yield Line(path, shown(value), Fate.DROPPED, "it is empty")
    elif row is not None and row.is_whole and row.fate is not None:
        yield Line(path, shown(value, path), row.fate, row.text)


def _leaf(row: Row | None, value: object, path: str, above: Row | None) -> Iterator[Line]:
    if row is None or row.type is None:
        return
    if not fits(value, row.type):
        yield _wrong(path, value, str(row.type))
    elif row.choices and str(value) not in row.choices:
        text = f"must be one of {', '.join(repr(one) for one in row.choices if one)}"
        yield Line(path, shown(value), Fate.REFUSED, text, is_malformed=True)
    elif above is None and row.fate is not None:
        fits_exactly = not isinstance(value, Mapping | list) and value in row.unless
        fate, text = (Fate.TAKEN, row.unless[value]) if fits_exactly else (row.fate, row.text)
        yield Line(path, shown(value, path), fate, text)


def _list(node: Node, value: object, path: str, above: Row | None) -> Iterator[Line]:
    if not isinstance(value, list):
        yield _wrong(path, value, "a list")
        return
    for index, entry in enumerate(value):
        yield from _walk(node.children["[]"], entry, f"{path}[{index}]", above)


def _map(node: Node, value: object, path: str, above: Row | None) -> Iterator[Line]:
    if not isinstance(value, Mapping):
        yield _wrong(path, value, "`name: value` pairs")
        return
    for name, entry in value.items():
        yield from _walk(node.children["{}"], entry, f"{path}.{name}", above)


def _object(node: Node, value: Mapping[str, Any], path: str, above: Row | None) -> Iterator[Line]:
    for name, entry in value.items():
        at = f"{path}.{name}" if path else str(name)
        child = node.children.get(str(name))
        if child is None:
            yield Line(at, shown(entry, at), Fate.REFUSED, _unknown(str(name), node), is_malformed=True)
        else:
            yield from _walk(child, entry, at, above)
    for name, child in node.children.items():
        if child.row is not None and child.row.is_required and value.get(name) is None:
            at = f"{path}.{name}" if path else name
            yield Line(at, "", Fate.REFUSED, "Flagger requires this field: add it", is_malformed=True)


def _unknown(name: str, node: Node) -> str:
    close = get_close_matches(name, node.children, n=2, cutoff=0.6)
    remedy = f"did you mean {' or '.join(close)}?" if close else "remove it: Flagger has never read it"
    return f"Flagger has no such field here; {remedy}"


def _wrong(path: str, value: object, wanted: str) -> Line:
    quotes = ": put it in quotes" if wanted == "text" and not isinstance(value, Mapping | list) else ""
    text = f"must be {wanted}, not {_kind(value)}{quotes}"
    return Line(path, shown(value, path), Fate.REFUSED, text, is_malformed=True)


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a map"}
    return names.get(type(value), type(value).__name__)


def fits(value: object, kind: Type) -> bool:
    """Return whether a value is of a type."""
    return _FITS[kind](value)


def _is_whole(value: object) -> bool:
    """Return whether a value is a whole number, as Flagger stores it: 10.0 of YAML is one, too."""
    return _is_number(value) and isinstance(value, int | float) and value == int(value) and abs(value) < _MAX_WHOLE


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _are_texts(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for one in (*value, *value.values()))


_MAX_WHOLE = 2**31
_FITS: dict[Type, Callable[[object], bool]] = {
    Type.TEXT: lambda value: isinstance(value, str),
    Type.FLAG: lambda value: isinstance(value, bool),
    Type.WHOLE: _is_whole,
    Type.NUMBER: _is_number,
    Type.PORT: lambda value: isinstance(value, str) or _is_whole(value),
    Type.TEXTS: _are_texts,
    Type.WEIGHTS: lambda value: isinstance(value, Mapping) and all(map(_is_whole, value.values())),
    Type.ANY: lambda _: True,
}
