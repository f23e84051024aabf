"""Response bodies, read up to a limit of size and time."""

import json
import time
from typing import Any, Final

import requests

_CHUNK: Final = 1 << 14


class BodyLimitExceeded(Exception):  # noqa: N818 - an event; the caller makes a sentence of it
    """The body is larger or slower than a valid one can be."""


def read_body(response: requests.Response, max_bytes: int, seconds: float) -> bytes:
    """Return a body.

    Args:
        response: requested as a stream.
        max_bytes: maximum size.
        seconds: maximum time for the whole body (> 0); one more wait for a byte may come on top.

    Raises:
        TooMuch: either limit was exceeded. RequestException: the connection broke.
    """
    deadline = time.monotonic() + seconds
    found = bytearray()
    for chunk in response.iter_content(_CHUNK):
        found += chunk
        if len(found) > max_bytes or time.monotonic() > deadline:
            raise BodyLimitExceeded
    return bytes(found)


def read_json_object(response: requests.Response, max_bytes: int, seconds: float) -> dict[str, Any]:
    """Return a JSON object, or an empty one if the body is not one; never raises."""
    try:
        found = json.loads(read_body(response, max_bytes, seconds))
    except (BodyLimitExceeded, requests.RequestException, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
