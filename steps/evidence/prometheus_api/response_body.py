"""The body of a response of Prometheus, read with a limit of size and of time.

The timeout of `requests` is for one wait for a byte. A server, or a proxy in front of it, that sends a byte now and
then would hold a step for hours, while users stay on the canary and the claim expires.
"""

import time
from typing import Final

import requests
from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError

MAX_BYTES: Final = 128 << 20
"""Five million samples: far more than any query of this program returns."""

_CHUNK: Final = 1 << 16


class TooLargeError(Exception):
    """The body has more than MOST_BYTES."""


def read_body(response: requests.Response, seconds: float) -> bytes:
    """Return the body of a streamed response.

    Args:
        response: its body is read and decompressed.
        seconds: limit of the whole; one more wait for a byte may be added.

    Raises:
        TooLargeError: it has more than MOST_BYTES.
        ReadTimeout: it took too long. ChunkedEncodingError: it was cut off. ContentDecodingError: bad compression.
    """
    deadline, found = time.monotonic() + seconds, bytearray()
    try:
        # read1 returns what has arrived; iter_content would wait for a whole chunk.
        while part := response.raw.read1(_CHUNK, decode_content=True):
            found += part
            if len(found) > MAX_BYTES:
                raise TooLargeError
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout
    except ReadTimeoutError as fault:
        raise requests.exceptions.ReadTimeout from fault
    except DecodeError as fault:
        raise requests.exceptions.ContentDecodingError from fault
    except HTTPError as fault:
        raise requests.exceptions.ChunkedEncodingError from fault
    finally:
        response.close()
    return bytes(found)
