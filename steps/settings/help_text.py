"""The help of a step: its flags in groups by subject, wrapped to the terminal's width."""

import inspect
import shutil
import textwrap
from collections.abc import Iterator
from itertools import groupby

from steps.model.flags import Flag, Takes
from steps.settings.base import StepSettings
from steps.settings.flags import flags_of

_COLUMN = 28
_NARROW, _WIDE = 64, 110
"""In a terminal narrower than this, descriptions stand below their flags; in a wider one, lines end earlier."""

_FOOTER = "Each flag is also a variable and a line of canary.yaml: --log-format is CANARY_LOG_FORMAT and log-format."
_SWITCHES = " A flag that takes no value is turned off by --no-..., for example {}."


def help_text(kind: type[StepSettings], program: str, width: int = 0) -> str:
    """Return the help of one step.

    Args:
        kind: the step's settings class; its docstring says what the step does.
        program: as it is typed, `canary-steps rollout`.
        width: of the lines, in characters; 0 = the terminal's.
    """
    flags = flags_of(kind)
    columns = min(width or shutil.get_terminal_size().columns, _WIDE)
    lines = [*_usage(program, flags, columns), ""]
    for paragraph in inspect.cleandoc(kind.__doc__ or "").split("\n\n"):
        lines += [*_wrapped(paragraph, columns), ""]
    for subject, group in groupby(flags, lambda flag: flag.subject):
        lines += [f"{subject}:", *(line for flag in group for line in _entry(flag, columns)), ""]
    switch = next((flag.negation for flag in flags if flag.takes is Takes.NOTHING), "")
    footer = _FOOTER + (_SWITCHES.format(switch) if switch else "")
    return "\n".join([*lines, *_wrapped(footer, columns), ""])


def _usage(program: str, flags: tuple[Flag, ...], columns: int) -> list[str]:
    required = [f"{flag.name} {flag.placeholder}" for flag in flags if flag.is_required]
    return _wrapped(" ".join(["usage:", program, *required, "[--flag VALUE ...]"]), columns, "       ")


def _entry(flag: Flag, columns: int) -> Iterator[str]:
    """Yield the lines of one flag: the description starts beside its name, where that is short enough."""
    name = f"  {flag.name} {flag.placeholder}".rstrip()
    if flag.takes is Takes.NOTHING and flag.default:
        name = f"  {flag.name}, {flag.negation}"
    indent = " " * (_COLUMN if columns >= _NARROW else 6)
    described = _wrapped(_meaning(flag), columns, indent, indent)
    if len(name) < len(indent) - 1:
        described[0] = name.ljust(len(indent)) + described[0].lstrip()
    else:
        yield from _wrapped(name.lstrip(), columns, indent, "  ")
    yield from described


def _meaning(flag: Flag) -> str:
    text = f"{flag.description.rstrip('.')}." if flag.description else ""
    note = "Required." if flag.is_required else f"Default: {flag.default}." if flag.default else ""
    return f"{text} {note}".strip() or "-"


def _wrapped(text: str, columns: int, indent: str = "", first: str = "") -> list[str]:
    """Return lines of at most so many columns; a path or a name with hyphens stays in one piece where it fits."""
    width = max(columns, len(indent) + 8)
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
