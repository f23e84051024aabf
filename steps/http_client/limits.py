"""What one exchange with a server may cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_CONNECT_SECONDS: Final = 5.0


class AnswerTooLargeError(Exception):
    """The server sent more than the limit, decompressed or not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one exchange.

    Attributes:
        seconds: for everything: the name, the connection, TLS, the headers and the whole body (> 0).
        max_bytes: of the decompressed body; 0 = the body is not read.
        cuts: whether a larger body is cut off, rather than refused.
        connect_seconds: for the connection to one address (> 0).
    """

    seconds: float
    max_bytes: int
    cuts: bool = False
    connect_seconds: float = _CONNECT_SECONDS

    @property
    def max_raw_bytes(self) -> int:
        """Bytes that may come through the socket: the body, compressed or in chunks, and the headers."""
        return 2 * self.max_bytes + (1 << 20)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: of HTTP.
        headers: their names match in any case.
        content: the decompressed body, at most `max_bytes`; b"" if it was not read, and where the body of a refusal
            (status >= 400) cannot be read: its status says enough.
        seconds: from the start of the request to the end of the body.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    seconds: float = 0.0
