"""The body of a response of Prometheus as JSON, with a limit for its size in bytes and in memory."""

import json
import re
from typing import Any, Final

from steps.http_client.limits import AnswerTooLargeError

MAX_BYTES: Final = 32 << 20
"""One million samples: far more than any query of this program returns."""

_MAX_VALUES: Final = 6_000_000
"""Values of JSON: a sample has two in a list. An empty list is two bytes in JSON, and 64 in memory."""

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def parse_object(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a response, None if it is something else.

    Text that is not Unicode, such as half a surrogate pair, is something else too: no log could hold it.

    Raises:
        AnswerTooLargeError: it has too many values.
    """
    if content.count(b",") + content.count(b"[") + content.count(b"{") > _MAX_VALUES:
        raise AnswerTooLargeError
    try:
        text = content.decode("utf-8-sig")
        body = json.loads(text)
        if _SURROGATE.search(text):
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
