"""Bodies of answers, of which only so much is read, and only for so long."""

import json
import time
from typing import Any, Final

import requests

_CHUNK: Final = 1 << 14


class BodyLimitExceeded(Exception):  # noqa: N818 - an event, told in a sentence by whoever read
    """The body is larger, or comes slower, than what was waited for can be."""


def read_body(response: requests.Response, most_bytes: int, seconds: float) -> bytes:
    """Return a body.

    Args:
        response: asked for as a stream.
        most_bytes: limit of its size.
        seconds: limit of the whole (> 0), and one more wait for a byte.

    Raises:
        TooMuch: either limit is passed. RequestException: the connection broke.
    """
    deadline = time.monotonic() + seconds
    found = bytearray()
    for chunk in response.iter_content(_CHUNK):
        found += chunk
        if len(found) > most_bytes or time.monotonic() > deadline:
            raise BodyLimitExceeded
    return bytes(found)


def read_json_object(response: requests.Response, most_bytes: int, seconds: float) -> dict[str, Any]:
    """Return a JSON object, or an empty one where the body is none; never raises."""
    try:
        found = json.loads(read_body(response, most_bytes, seconds))
    except (BodyLimitExceeded, requests.RequestException, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
