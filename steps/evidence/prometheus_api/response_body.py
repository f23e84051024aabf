"""The body of an answer of Prometheus: only so much of it is read, and only for so long.

The time-out of `requests` is for one wait for a byte. A server, or a proxy before it, that sends a byte now and then
would hold a step for hours, while users stay where they are and the claim runs out.
"""

import time
from typing import Final

import requests
from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError

MAX_BYTES: Final = 128 << 20
"""Five million samples: far more than any query of this program asks for."""

_CHUNK: Final = 1 << 16


class TooLargeError(Exception):
    """The body has more than MOST_BYTES."""


def read_body(response: requests.Response, seconds: float) -> bytes:
    """Read a body that was asked for as a stream.

    Args:
        response: whose body is read, and decompressed.
        seconds: limit of the whole, and one more wait for a byte.

    Raises:
        TooLargeError: it has more than MOST_BYTES.
        ReadTimeout: it took too long. ChunkedEncodingError: it broke off. ContentDecodingError: its compression is bad.
    """
    deadline, found = time.monotonic() + seconds, bytearray()
    try:
        # read1 gives what is there; iter_content would wait until a whole chunk is.
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
