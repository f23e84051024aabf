"""Messages to a webhook: any JSON body, within a deadline, without the URL in any error."""

import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import requests
import tenacity

from steps.errors import Interrupted, PermanentError, SettingsError, TemporaryError

_DOING: Final = "calling the webhook"
_ATTEMPTS: Final = 3
_SHARE_PER_ATTEMPT: Final = 0.4
"""Share of the whole time for one attempt."""
_MIN_SECONDS: Final = 0.1


def post(url_file: str, body: Mapping[str, Any], seconds: float = 20.0) -> None:
    """Post a JSON body to the URL that a file holds; the URL is a secret and appears in no message.

    Args:
        url_file: path of the file, mounted from a Secret.
        body: sent as JSON.
        seconds: limit of all attempts together (> 0), DNS included.

    Raises:
        SettingsError: no such file, or no URL in it. TemporaryError: no answer, or 429 or 5xx.
        PermanentError: the webhook refuses.
    """
    url = _url(url_file)
    deadline = time.monotonic() + seconds
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_may_succeed_later),
        stop=tenacity.stop_after_attempt(_ATTEMPTS) | tenacity.stop_before_delay(seconds),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=5.0),
        reraise=True,
    )
    retrying(
        lambda: _bounded(url, body, max(_MIN_SECONDS, min(seconds * _SHARE_PER_ATTEMPT, deadline - time.monotonic())))
    )


def _may_succeed_later(error: BaseException) -> bool:
    """Return whether another attempt may help; a signal is a temporary error too, but must end the attempts."""
    return isinstance(error, TemporaryError) and not isinstance(error, Interrupted)


def _url(path: str) -> str:
    try:
        url = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(_DOING, f"--webhook-url-file = {path!r}: {error.strerror}") from error
    if not url.startswith(("https://", "http://")):
        raise SettingsError(_DOING, f"--webhook-url-file = {path!r}: holds no http or https URL")
    return url


def _bounded(url: str, body: Mapping[str, Any], seconds: float) -> None:
    """Make one attempt in a thread: socket timeouts limit neither a DNS look-up nor an answer that comes in drips."""
    ended: list[TemporaryError | PermanentError | None] = []
    thread = threading.Thread(target=lambda: ended.append(_once(url, body, seconds)), daemon=True)
    thread.start()
    thread.join(seconds)
    if not ended:
        raise TemporaryError(_DOING, f"no answer within {seconds:.0f} s")
    if ended[0] is not None:
        raise ended[0]


def _once(url: str, body: Mapping[str, Any], seconds: float) -> TemporaryError | PermanentError | None:
    try:
        status = requests.post(url, json=dict(body), timeout=seconds, allow_redirects=False).status_code
    except (requests.RequestException, OSError, ValueError) as error:
        # The exception's text and cause contain the URL, which is a secret.
        return TemporaryError(_DOING, f"no answer ({type(error).__name__})")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TemporaryError(_DOING, f"it answered {status}")
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return PermanentError(_DOING, f"it answered {status}. Check the URL in the file.")
    return None
