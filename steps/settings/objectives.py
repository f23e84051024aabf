"""The latency objective as people write it: `p99=500ms`, `p99.9=1.5s` or `0.99=500ms`."""

import re
from typing import Annotated, Any, Final

from pydantic import WithJsonSchema

from steps.model.evidence import LatencyObjective
from steps.settings.written_forms import ReadsAlso

_FORM: Final = re.compile(
    r"""(?: p (?P<percent> \d{1,2} (?: \.\d{1,6} )? ) | (?P<share> 0?\.\d{1,8} ) )
        \s* = \s* (?P<limit> \d{1,9} (?: \.\d{1,6} )? ) \s* (?P<unit> ms | s )""",
    re.VERBOSE,
)
_UNITS: Final = {"ms": 1.0, "s": 1000.0}
_MAX_MS: Final = 3_600_000.0
_DIGITS: Final = 10
_HELP: Final = (
    "write a quantile and a limit with its unit, ms or s: p99=500ms, p99.9=1.5s or 0.99=500ms;"
    " the quantile is between 0 and 1, the limit more than 0 and at most 1 h"
)


def latency_objective(text: str) -> LatencyObjective | None:
    """Read a latency objective; "" is none.

    Raises:
        ValueError: it is not one; the message says how to write one.
    """
    if not text:
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(_HELP)
    # Rounded, since 99.9 / 100 is not .999 in binary.
    quantile = round(float(found["percent"]) / 100.0, _DIGITS) if found["percent"] else float(found["share"])
    limit_ms = float(found["limit"]) * _UNITS[found["unit"]]
    if not 0.0 < quantile < 1.0 or not 0.0 < limit_ms <= _MAX_MS:
        raise ValueError(_HELP)
    return LatencyObjective(quantile, limit_ms)


def _checked(value: Any) -> str:  # noqa: ANN401 - what comes in may be anything
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(_HELP)  # noqa: TRY004 - pydantic reports a ValueError with its origin
    text = value.strip()
    latency_objective(text)
    return text


_WRITTEN: Final = r"^\s*(((p[0-9]{1,2}(\.[0-9]{1,6})?)|(0?\.[0-9]{1,8}))\s*=\s*[0-9]{1,9}(\.[0-9]{1,6})?\s*(ms|s))?\s*$"
"""`_FORM` in syntax that JavaScript and RE2 read too."""

LatencyObjectiveText = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": _WRITTEN}), ReadsAlso(_checked, {"type": "null"})
]
"""A setting that holds a latency objective as text, checked; "" is none."""
