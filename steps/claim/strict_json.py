"""JSON that a stranger may have written: size, depth, keys, numbers and text are checked before anything is believed.

Anybody who may annotate an object can write what steps read from it. Every fault is a ValueError with a short sentence.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LIMIT_BYTES: Final = 256 * 1024
"""All annotations of an object together have at most so many bytes, so no text of ours can be longer."""

_DEEPEST: Final = 20
_LONGEST_NUMBER: Final = 40
_SHOWN_CHARACTERS: Final = 60
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string, or the rest of the text where its end is missing: so each character is looked at once."""

_BRACKET: Final = re.compile(r"[\[\]{}]")


def read_json(text: object, limit_bytes: int = LIMIT_BYTES) -> dict[str, Any]:
    """Return a JSON object; numbers that are none (NaN, Infinity, hundreds of digits) are `NotANumber` in it.

    Args:
        text: of an annotation.
        limit_bytes: longer texts are not even looked at (> 0).

    Raises:
        ValueError: it is too long or too deep, is not JSON, is not an object, repeats a key, or has half a character.
    """
    if not isinstance(text, str):
        raise ValueError(f"it is {type(text).__name__}, not text")  # noqa: TRY004 - callers handle one kind of error
    # A character has one to four bytes; counting characters first saves a copy of a huge text.
    if len(text) > limit_bytes or len(text.encode(errors="surrogatepass")) > limit_bytes:
        raise ValueError(f"it is longer than {limit_bytes} bytes")
    if _depth(text) > _DEEPEST:
        raise ValueError(f"it is nested deeper than {_DEEPEST} levels")
    body = json.loads(
        text, parse_int=_integer, parse_float=_float, parse_constant=NotANumber, object_pairs_hook=_without_repeats
    )
    if not isinstance(body, dict):
        raise ValueError(f"it is {shown(text)}, not a JSON object")  # noqa: TRY004 - as above
    if _has_surrogates(body):
        raise ValueError("it has half a character (a lone surrogate)")
    return body


def check_version(body: Mapping[str, Any], known: int) -> None:
    """Check the version of what was read.

    Raises:
        ValueError: it is another one, or none.
    """
    version = body.get("version")
    if type(version) is not int or version != known:
        raise ValueError(f"version {shown(version)} is not known here, only {known}: use the newer image")


def sendable(text: str) -> str:
    """Return a text without half characters, which no request could carry and `read_json` would refuse."""
    return text.encode(errors="replace").decode()


def shown(text: object) -> str:
    """Return a stranger's value as an error may show it: quoted, escaped and short."""
    whole = ascii(text if not isinstance(text, str) else text[: 2 * _SHOWN_CHARACTERS])
    return whole if len(whole) <= _SHOWN_CHARACTERS else f"{whole[: _SHOWN_CHARACTERS - 1]}…"


def _depth(text: str) -> int:
    """Return how deep the brackets are nested, before the parser would follow them."""
    depth = deepest = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


@dataclass(frozen=True, slots=True)
class NotANumber:
    """A number that nothing of ours writes, in place of its value: no field takes it, so it damages its field alone.

    Args:
        text: as it was written, cut.
    """

    text: str

    def __repr__(self) -> str:
        return self.text


def _integer(digits: str) -> int | NotANumber:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else NotANumber(f"a number of {len(digits)} digits")


def _float(digits: str) -> float | NotANumber:
    number = float(digits)
    is_one = len(digits) <= _LONGEST_NUMBER and math.isfinite(number)
    return number if is_one else NotANumber(digits[:_LONGEST_NUMBER])


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("it has a key twice")
    return body


def _has_surrogates(value: object) -> bool:
    """Return whether any text could not be sent again; the depth is known to be small."""
    if isinstance(value, dict):
        return any(map(_has_surrogates, value)) or any(map(_has_surrogates, value.values()))
    if isinstance(value, list):
        return any(map(_has_surrogates, value))
    return isinstance(value, str) and any("\ud800" <= one <= "\udfff" for one in value)
