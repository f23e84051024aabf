"""Comments between the documents: lines are wrapped, but never inside a name, a flag with its value, or a command."""

import re
import textwrap

WIDTH = 110
_KEPT = re.compile(r"`[^`]*`|--[a-z][-a-z]* [^\s,;.]\S*")
"""What a person copies: text in backticks, and a flag with its value."""

_GAP = "\0"
"""Stands for a space that must not become a line break."""


def comment(text: str) -> str:
    """Return a text as comment lines; a line that begins with two spaces is meant to be copied and stays as it is."""
    lines = [part for line in text.splitlines() for part in _wrapped(line)]
    return "\n".join(f"# {line}".rstrip() for line in lines)


def _wrapped(line: str) -> list[str]:
    if line.startswith("  "):
        return [line]
    held = _KEPT.sub(lambda found: found.group().replace(" ", _GAP), line)
    parts = textwrap.wrap(held, WIDTH, break_long_words=False, break_on_hyphens=False)
    return [part.replace(_GAP, " ") for part in parts] or [""]
