"""Errors of a registry: one sentence with a remedy, and without secrets, for every way in which it can fail."""

import re
import socket
from http import HTTPStatus
from typing import Final

import requests
from urllib3.exceptions import NameResolutionError

from steps.errors import PermanentError, StepError, TemporaryError
from steps.registry.bounded_body import read_json_object

_CODE: Final = re.compile(r"[A-Z][A-Z_]{1,40}")
_BODY_LIMITS: Final = (1 << 16, 2.0)
"""Limits, in bytes and seconds, for reading the body of an error response."""

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


def error_of_response(doing: str, where: str, response: requests.Response, what: str, who: str) -> StepError:
    """Return the error for a response that is not a success.

    Args:
        doing: for the message.
        where: the registry or its token service.
        response: the response, as a stream; the message repeats only the error code in its body.
        what: what was asked for, "tag v2 of team/shop".
        who: the account that the registry sees.
    """
    status, said = response.status_code, _said(response)
    if status in _PERMANENT:
        return PermanentError(doing, _PERMANENT[status].format(where=where, what=what, said=said, who=who))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        cause = f"{where} rate-limits {who} {said}: use credentials with a higher limit"
        return RetryLater(doing, cause, _retry_after(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RetryLater(doing, f"{where} is failing {said}: look at its own logs", _retry_after(response))
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


def _said(response: requests.Response) -> str:
    """Return the status and the API's error code; the rest of the body is not repeated, it may contain secrets."""
    errors = read_json_object(response, *_BODY_LIMITS).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    code = str(first.get("code", "")) if isinstance(first, dict) else ""
    return f"({response.status_code}{f' {code}' if _CODE.fullmatch(code) else ''})"


def _retry_after(response: requests.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0
