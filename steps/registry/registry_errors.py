"""Errors of a registry: one sentence with a remedy, and without secrets, for every way in which it can fail."""

import re
import socket
from http import HTTPStatus
from typing import Final

import requests
from urllib3.exceptions import NameResolutionError

from steps.errors import PermanentError, StepError, TemporaryError
from steps.http_client.limits import Answer
from steps.registry.json_body import json_object

_CODE: Final = re.compile(r"[A-Z][A-Z_]{1,40}")

_PERMANENT: Final[dict[int, str]] = {
    HTTPStatus.NOT_FOUND: "{where} has no {what} {said}: was it pushed there, and is the name right? Some registries"
    " also answer this if {who} may not read it",
    HTTPStatus.UNAUTHORIZED: "{where} does not let {who} read {what} {said}: set or renew --registry-config, and check"
    " the name",
    HTTPStatus.FORBIDDEN: "{where} forbids {who} to read {what} {said}: grant read access to the repository",
}


class RetryLater(TemporaryError):  # noqa: N818 - what the registry asks for
    """The registry is busy or failing.

    Attributes:
        seconds: how long to wait, by its Retry-After; 0 = it did not say.
    """

    def __init__(self, action: str, cause: str, seconds: float) -> None:
        super().__init__(action, cause)
        self.seconds = seconds


def error_of_exception(doing: str, where: str, fault: Exception) -> StepError:
    """Return the error for a request that got no valid response."""
    if isinstance(fault, requests.exceptions.SSLError):
        cause = "has no certificate that is trusted here: name its CA with --registry-ca-file; if it uses http, on a"
        return PermanentError(doing, f"{where} {cause} network that you trust, set --registry-plain-http")
    if isinstance(fault, requests.exceptions.Timeout):
        cause = "took too long to answer: it is overloaded, or a NetworkPolicy drops our packets"
        return TemporaryError(doing, f"{where} {cause}")
    if isinstance(fault, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return TemporaryError(doing, f"{where} {_connection(fault)}")
    if isinstance(fault, requests.RequestException):
        cause = f"the request failed ({type(fault).__name__}): check the image's name"
        return PermanentError(doing, f"{where}: {cause}")
    name = getattr(fault, "filename", None) or "a file"
    return PermanentError(doing, f"{name} cannot be read: check --registry-ca-file and the mounted Secret")


def error_of_answer(doing: str, where: str, answer: Answer, what: str, who: str) -> StepError:
    """Return the error for an answer that is not a success.

    Args:
        doing: for the message.
        where: the registry or its token service.
        answer: the message repeats only the error code in its body.
        what: what was asked for, "tag v2 of team/shop".
        who: the account that the registry sees.
    """
    status, said = answer.status, _said(answer)
    if status in _PERMANENT:
        return PermanentError(doing, _PERMANENT[status].format(where=where, what=what, said=said, who=who))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        cause = f"{where} rate-limits {who} {said}: use credentials with a higher limit"
        return RetryLater(doing, cause, _retry_after(answer))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RetryLater(doing, f"{where} is failing {said}: look at its own logs", _retry_after(answer))
    cause = "check the image's name, and do not set --registry-plain-http if it uses https"
    return PermanentError(doing, f"{where} did not answer like a registry {said}: {cause}")


def is_temporary(status: int) -> bool:
    """Return whether the same request may succeed a little later."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _connection(fault: requests.RequestException) -> str:
    cause: BaseException | None = getattr(fault.args[0], "reason", None) if fault.args else None
    if isinstance(cause, NameResolutionError | socket.gaierror):
        return "has a name that does not resolve: check the image's name"
    if "refused" in str(fault).lower():
        return "refuses connections: it is down, or the port is wrong"
    return "cannot be reached, or closed the connection: it is down, or the network does not allow the connection"


def _said(answer: Answer) -> str:
    """Return the status and the API's error code; the rest of the body is not repeated, it may contain secrets."""
    errors = json_object(answer.content).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    code = str(first.get("code", "")) if isinstance(first, dict) else ""
    return f"({answer.status}{f' {code}' if _CODE.fullmatch(code) else ''})"


def _retry_after(answer: Answer) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0.0
