"""A message to a webhook: Slack and what understands its form, or the report as JSON."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
import tenacity

from steps.errors import Interrupted, PermanentError, SettingsError, TemporaryError

_DOING = "telling the webhook"


def post(url_file: str, body: Mapping[str, Any], timeout_seconds: float = 10.0, attempts: int = 3) -> None:
    """Post a JSON body to the URL that a file holds; the URL is a secret and appears in no message.

    Args:
        url_file: path of the file, mounted from a Secret.
        body: sent as JSON.
        timeout_seconds: limit of one attempt (> 0).
        attempts: how often it is tried where nobody answers (>= 1).

    Raises:
        SettingsError: no such file, or no URL in it. TemporaryError: no answer, or 429 and 5xx.
        PermanentError: the webhook refuses.
    """
    url = _url(url_file)
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_trouble),
        stop=tenacity.stop_after_attempt(attempts),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=5.0),
        reraise=True,
    )
    retrying(_once, url, body, timeout_seconds)


def _is_trouble(error: BaseException) -> bool:
    """Tell whether another attempt may help; a signal is temporary as well, but means that none is wanted."""
    return isinstance(error, TemporaryError) and not isinstance(error, Interrupted)


def _url(path: str) -> str:
    try:
        url = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(_DOING, f"--webhook-url-file = {path!r}: {error.strerror}") from error
    if not url.startswith(("https://", "http://")):
        raise SettingsError(_DOING, f"--webhook-url-file = {path!r}: holds no http or https URL")
    return url


def _once(url: str, body: Mapping[str, Any], timeout_seconds: float) -> None:
    try:
        status = requests.post(url, json=dict(body), timeout=timeout_seconds, allow_redirects=False).status_code
    except requests.RequestException as error:
        # Its text and its cause name the URL.
        raise TemporaryError(_DOING, f"no answer ({type(error).__name__})") from None
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TemporaryError(_DOING, f"it answered {status}")
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise PermanentError(_DOING, f"it answered {status}. Check the URL in the file.")
