"""YAML from files and flags, read in limited time and memory: a few lines of YAML can stand for gigabytes.

Anchors are allowed, but what their aliases stand for is counted each time. Tags that make something else of a value,
keys that stand twice in a map, and text that is not Unicode are refused: each would change what people believe they
wrote.
"""

import io
import re
from pathlib import Path
from typing import Any, Final

import yaml

MAX_BYTES: Final = 1 << 20
"""Of a text; a ConfigMap holds no more either."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MAX_DEPTH: Final = 50
_MAX_NODES: Final = 20_000
"""Of a text; an alias counts as many as its anchor stands for."""

_MAX_NUMBER: Final = 400
"""Characters of a number: YAML's numbers to the base 60 take time that grows with their square."""

_TAGS: Final = {
    None,
    "!",
    *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")),
}


class _Loader(yaml.SafeLoader):
    """The loader for values that JSON has, too; its composer is bounded."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth, self._nodes = 0, 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - as in yaml
        event = self.peek_event()  # type: ignore[no-untyped-call] # typeshed leaves it out
        if getattr(event, "tag", None) not in _TAGS:
            raise yaml.composer.ComposerError(None, None, f"the tag {event.tag!r} is not allowed", event.start_mark)
        before, self._depth = self._nodes, self._depth + 1
        if self._depth > _MAX_DEPTH:
            raise yaml.composer.ComposerError(None, None, f"nested deeper than {_MAX_DEPTH}", event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        is_alias = isinstance(event, yaml.AliasEvent)
        # An alias inside of its own anchor stands for something without an end.
        self._nodes += self._sizes.get(id(node), _MAX_NODES) if is_alias else 1
        if self._nodes > _MAX_NODES:
            raise yaml.composer.ComposerError(None, None, f"more than {_MAX_NODES} values", event.start_mark)
        self._sizes.setdefault(id(node), self._nodes - before)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as in yaml
        if isinstance(node, yaml.MappingNode):  # a list with the tag of a map comes here, too
            self._check_keys(node)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:  # noqa: ANN401 - as in yaml
        text: str = super().construct_scalar(node)
        if _SURROGATE.search(text):
            raise yaml.constructor.ConstructorError(None, None, "half a surrogate pair", node.start_mark)
        if not node.tag.endswith(":str") and len(text) > _MAX_NUMBER:
            raise yaml.constructor.ConstructorError(None, None, "a number that is too long", node.start_mark)
        return text

    def _check_keys(self, node: yaml.MappingNode) -> None:
        found: set[str] = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is not None and name in found:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} stands twice", key.start_mark)
            found.add(str(name))


def yaml_value(text: str) -> Any:  # noqa: ANN401 - YAML
    """Return the value of one YAML document, None if it is empty.

    Raises:
        ValueError: it is not YAML, or too large.
    """
    found = yaml_documents(text)
    if len(found) > 1:
        raise ValueError("must be one YAML document")
    return found[0] if found else None


def yaml_documents(text: str) -> list[object]:
    """Return the values of all YAML documents.

    Raises:
        ValueError: it is not YAML, or too large; the message has one line.
    """
    if len(text) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES >> 20} MiB")
    loader: _Loader | None = None
    found: list[object] = []
    try:
        loader = _Loader(text)
        while loader.check_data():  # type: ignore[no-untyped-call] # typeshed leaves it out
            found.append(loader.get_data())
    except yaml.YAMLError as error:
        raise ValueError(f"is not YAML: {_said(error)}") from None
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError, AttributeError) as error:
        # Numbers and dates that look like ones and are none, which the library does not check.
        raise ValueError(f"is not YAML: a value cannot be read ({type(error).__name__})") from None
    finally:
        if loader is not None:
            loader.dispose()
    return found


def _said(error: yaml.YAMLError) -> str:
    """Return what is wrong and where, without the line itself, which may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    words = [getattr(error, "context", None), getattr(error, "problem", None) or getattr(error, "reason", None)]
    place = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    return ", ".join(" ".join(str(one).split()) for one in (*words, place) if one) or type(error).__name__


def text_of(file: Path) -> str:
    """Return the text of a file, if it is not too large; a device or a pipe may have no end.

    Raises:
        OSError: it cannot be read. ValueError: it is too large, or not text.
    """
    with io.BufferedReader(io.FileIO(file)) as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not YAML: {error}") from None
