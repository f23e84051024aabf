"""Answers of the board, with the headers that keep a browser from doing more than showing them."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

HTML: Final = "text/html; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
SVG: Final = "image/svg+xml"

_GUARDS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self'"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    Args:
        status: HTTP status.
        content_type: of the body.
        body: the bytes.
        style: the one style sheet that the page may have, "" for none.
        more: further headers.
    """

    status: int
    content_type: str
    body: bytes
    style: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """All headers."""
        allowed = f"; style-src 'sha256-{_hash(self.style)}'" if self.style else ""
        return {
            "Content-Type": self.content_type,
            "Content-Length": str(len(self.body)),
            "Content-Security-Policy": f"{_POLICY}{allowed}",
            **_GUARDS,
            **self.more,
        }


def plain(status: int, sentence: str, **more: str) -> Response:
    """Return a sentence, for people at a terminal and for probes; `more` are headers, `Retry_After` for Retry-After."""
    name = HTTPStatus(status).phrase if status in set(HTTPStatus) else str(status)
    headers = {key.replace("_", "-"): value for key, value in more.items()}
    return Response(status, TEXT, encoded(f"{sentence or name}\n"), more=headers)


def document(status: int, page: str, style: str) -> Response:
    """Return a page with its one style sheet."""
    return Response(status, HTML, encoded(page), style)


def encoded(text: str) -> bytes:
    """Return text as UTF-8; half a surrogate pair, which JSON may hold, becomes a question mark."""
    return text.encode("utf-8", "replace")


def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
