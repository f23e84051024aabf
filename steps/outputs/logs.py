"""Log lines on stderr: JSON for machines, one short line for people on a terminal; stdout is for reports."""

import logging
import sys
from typing import Any, Literal, TextIO, cast

import structlog

from steps.model.printable import printable
from steps.model.secrecy import shown, without_secrets
from steps.outputs.screen import printable_lines
from steps.outputs.streams import BestEffort, complain

_CONTEXT = frozenset({"step", "app", "namespace", "run", "level", "timestamp", "event", "exception"})
_SENTENCES = ("error", "reason", "detail", "effect")
_COLOURS = {"warning": "\033[33m", "error": "\033[31m"}


def configure(log_format: Literal["auto", "json", "console"], step: str) -> None:
    """Configure structlog for one process and bind the step's name."""
    console = log_format == "console" or (log_format == "auto" and BestEffort(sys.stderr).isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
            structlog.processors.format_exc_info,
            _without_secrets,
            _line if console else structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", BestEffort(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(step=step)


def _without_secrets(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hide what is secret in each field, also inside of objects that are logged whole."""
    del logger, name
    return {key: value if isinstance(value, int | float) else shown("", value) for key, value in event.items()}


def say_last(sentence: str) -> None:
    """Write the last line for a person, after the name of the app; a log for machines has it in its fields."""
    if structlog.get_config()["processors"][-1] is _line:
        app = structlog.contextvars.get_contextvars().get("app", "")
        text = without_secrets(" ".join(sentence.split()))
        complain(printable(f"{app}: {text}" if app else text))


def _line(logger: object, name: str, event: structlog.typing.EventDict) -> str:
    """Render one line for a person: time, event, the sentence, other fields; without the fields that all lines share.

    The full form, with the run and all fields, is `--log-format json`.
    """
    del logger, name
    level = str(event.get("level", "info"))
    colour, end = (_COLOURS.get(level, ""), "\033[0m") if BestEffort(sys.stderr).isatty() else ("", "")
    sentences = [str(event[key]) for key in _SENTENCES if event.get(key)]
    rest = [f"{key}={_short(value)}" for key, value in event.items() if key not in _CONTEXT and key not in _SENTENCES]
    words = "  ".join(filter(None, (" · ".join(sentences), " ".join(rest))))
    trace = f"\n{event['exception']}" if "exception" in event else ""
    name = f"{colour}{event['event']:<20}{end if colour else ''}"
    return f"{event['timestamp']} {name} {printable(words)}{printable_lines(trace)}".rstrip()


def _short(value: Any) -> str:  # noqa: ANN401 - log fields may be anything
    return f"{value:g}" if isinstance(value, float) else str(value)
