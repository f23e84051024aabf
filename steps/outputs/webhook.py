"""Messages to a webhook: any JSON body, within a deadline, without the URL or the token in any error."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import requests
import tenacity

from steps.errors import Interrupted, PermanentError, SettingsError, TemporaryError
from steps.http_client.client import HttpClient
from steps.http_client.limits import AnswerTooLargeError, Limits

_DOING: Final = "calling the webhook"
_ATTEMPTS: Final = 3
_SHARE_PER_ATTEMPT: Final = 0.4
"""Share of the whole time for one attempt."""
_MIN_SECONDS: Final = 0.1

_CHECK_URL: Final = "Check the URL in the file."
_CHECK_BOTH: Final = "Check the URL and the token in the files."
_REMEDIES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: _CHECK_BOTH,
    HTTPStatus.FORBIDDEN: _CHECK_BOTH,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "It takes no message of this size; slack is the shortest format.",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted.

    Args:
        body: sent as JSON.
        content_type: of the body.
        path: of the receiver below the URL, "" where the URL is complete; a URL that has it already is kept.
    """

    body: Mapping[str, Any]
    content_type: str = "application/json"
    path: str = ""


@dataclass(frozen=True, slots=True)
class _Request:
    """One attempt, ready to send; it holds secrets, so nothing prints it."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def post(url_file: str, message: Message, seconds: float = 20.0, *, token_file: str = "") -> None:
    """Post a message to the URL that a file holds; URL and token are secrets and appear in no error.

    Args:
        url_file: path of the file, mounted from a Secret.
        message: to send.
        seconds: limit of all attempts together (> 0), DNS included.
        token_file: path of a file with a bearer token; "" = the file `token` beside the URL's, where there is one.

    Raises:
        SettingsError: no such file, no URL or no token in it. TemporaryError: no answer, or 429 or 5xx.
        PermanentError: the webhook refuses.
    """
    request = _request(url_file, token_file, message)
    deadline = time.monotonic() + seconds
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_may_succeed_later),
        stop=tenacity.stop_after_attempt(_ATTEMPTS) | tenacity.stop_before_delay(seconds),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=5.0),
        reraise=True,
    )
    retrying(lambda: _once(request, max(_MIN_SECONDS, min(seconds * _SHARE_PER_ATTEMPT, deadline - time.monotonic()))))


def _request(url_file: str, token_file: str, message: Message) -> _Request:
    url, token = _url(url_file), _token(url_file, token_file)
    address = url if url.endswith(message.path) else f"{url.rstrip('/')}{message.path}"
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    body = json.dumps(dict(message.body)).encode()
    return _Request(address, body, {"Content-Type": message.content_type, **authorization})


def _may_succeed_later(error: BaseException) -> bool:
    """Return whether another attempt may help; a signal is a temporary error too, but must end the attempts."""
    return isinstance(error, TemporaryError) and not isinstance(error, Interrupted)


def _url(path: str) -> str:
    url = _content(path, "--webhook-url-file")
    if not url.startswith(("https://", "http://")):
        raise SettingsError(_DOING, f"--webhook-url-file = {path!r}: holds no http or https URL")
    return url


def _token(url_file: str, token_file: str) -> str:
    """Return the bearer token, "" for none."""
    beside = Path(url_file).with_name("token")
    if not token_file and not beside.is_file():
        return ""
    path = token_file or str(beside)
    token = _content(path, "--webhook-token-file")
    if not token or not token.isascii() or any(one.isspace() or not one.isprintable() for one in token):
        cause = f"--webhook-token-file = {path!r}: must hold one token, printable ASCII without spaces"
        raise SettingsError(_DOING, cause)
    return token


def _content(path: str, flag: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(_DOING, f"{flag} = {path!r}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(_DOING, f"{flag} = {path!r}: is not text") from None


def _once(request: _Request, seconds: float) -> None:
    client = HttpClient()
    # The answer's body is not read: it says nothing that is needed, and may be endless.
    limits = Limits(seconds, max_bytes=0, connect_seconds=seconds)
    try:
        status = client.send("POST", request.url, limits, data=request.body, headers=dict(request.headers)).status
    except requests.Timeout:
        raise TemporaryError(_DOING, f"no answer within {seconds:.0f} s") from None
    except (requests.RequestException, AnswerTooLargeError, OSError) as error:
        # The exception's text and cause contain the URL, which is a secret.
        raise TemporaryError(_DOING, f"no answer ({type(error).__name__})") from None
    finally:
        client.close()
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TemporaryError(_DOING, f"it answered {status}")
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise PermanentError(_DOING, f"it answered {status}. {_REMEDIES.get(status, _CHECK_URL)}")
