"""Durations as Go writes them: 30s, 1m30s, 1.5h."""

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)"
_WHOLE = re.compile(rf"(?:{_PART})+")
_MAX_LENGTH = 40


def seconds_of(text: str) -> float | None:
    """Return a duration in seconds; None if the text is not one."""
    if len(text) > _MAX_LENGTH or not _WHOLE.fullmatch(text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))
