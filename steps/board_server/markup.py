"""HTML in which everything is escaped: only `Html` is taken as it is, and only this file makes it of text."""

from collections.abc import Iterable
from html import escape
from typing import Final

_VOID: Final = frozenset({"br", "input", "link", "meta"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: str) -> Html:
    """Return text as HTML; signs that do not print, such as those that turn the direction of reading, become spaces."""
    if isinstance(value, Html):
        return value
    shown = value if value.isprintable() else "".join(one if one.isprintable() else " " for one in value)
    return Html(escape(shown))


def element(name: str, /, *content: str, **attributes: str | None) -> Html:
    """Return an element.

    Args:
        name: of the element, written in the code.
        content: HTML, or text that is escaped.
        attributes: `class_` is written `class`, `http_equiv` as `http-equiv`; None leaves one out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{''.join(map(text, content))}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Return the parts as one piece of HTML."""
    return Html(text(between).join(map(text, parts)))


def style(css: str) -> Html:
    """Return a style sheet that is a constant of this package."""
    return Html(f"<style>{css}</style>")
