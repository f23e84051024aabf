"""Pieces of YAML as text: comments and long descriptions."""

from collections.abc import Iterable
from textwrap import wrap

WIDTH = 118


def comment_lines(points: Iterable[str]) -> list[str]:
    """Return comment lines, with each point as a list item."""
    lines: list[str] = []
    for point in points:
        lines += wrap(point, WIDTH, initial_indent="# - ", subsequent_indent="#   ", break_on_hyphens=False)
    return lines


def description_lines(text: str, indent: int) -> list[str]:
    """Return a description as YAML, folded if it is long."""
    line = f'{" " * indent}description: "{text}"'
    if len(line) <= WIDTH and '"' not in text and "\\" not in text:
        return [line]
    space = " " * (indent + 2)
    folded = wrap(text, WIDTH, initial_indent=space, subsequent_indent=space, break_on_hyphens=False)
    return [f"{' ' * indent}description: >-", *folded]
