"""Every way in which Prometheus can fail to answer, told in one sentence with its remedy, without secrets."""

import socket
from http import HTTPStatus
from typing import Any, Final

import requests
from urllib3.exceptions import NameResolutionError

from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.response_body import MAX_BYTES
from steps.model.evidence import Problem, ProblemKind

_SHOWN: Final = 300


class EvidenceError(Exception):
    """A query brought no usable answer; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def request_failed(fault: Exception, access: Access) -> EvidenceError:
    """Tell a request that never got an answer."""
    where = f"Prometheus at {access.endpoint}"
    if isinstance(fault, requests.exceptions.SSLError):
        text = f"{where} has no certificate that is trusted here, or refused ours: check the CA and client certificate"
        return _error(ProblemKind.UNREACHABLE, text)
    if isinstance(fault, requests.RequestException):
        return _error(*_untold(fault, where, access))
    name = getattr(fault, "filename", None) or "a file"
    text = f"{name} with the credentials or certificates for {where} cannot be read: check the mounted secret"
    return _error(ProblemKind.UNAUTHORIZED, text)


def _untold(fault: requests.RequestException, where: str, access: Access) -> tuple[ProblemKind, str]:
    """Give kind and sentence of a request whose answer did not come, or not as a whole."""
    told = {
        requests.exceptions.ReadTimeout: (
            ProblemKind.SLOW,
            f"{where} took more than {access.timeout_seconds:g} s to answer: it is overloaded, or raise the time-out",
        ),
        requests.exceptions.ConnectTimeout: (
            ProblemKind.UNREACHABLE,
            f"{where} does not accept connections in time: check address, port and NetworkPolicies",
        ),
        requests.exceptions.ChunkedEncodingError: (
            ProblemKind.UNREACHABLE,
            f"{where} broke off its answer: look at its own log, and at any proxy between it and this step",
        ),
        requests.exceptions.ContentDecodingError: (
            ProblemKind.NOT_PROMETHEUS,
            f"{where} answered with compressed data that cannot be read: check any proxy between it and this step",
        ),
    }
    for kind, found in told.items():
        if isinstance(fault, kind):
            return found
    if isinstance(fault, requests.exceptions.ConnectionError):
        return ProblemKind.UNREACHABLE, f"{where} {_connection(fault)}"
    text = f"{where} could not be asked ({type(fault).__name__}): check its address"
    return ProblemKind.UNREACHABLE, text


def response_refused(status: int, body: dict[str, Any] | None, access: Access, promql: str) -> EvidenceError:
    """Tell an answer that is not a complete success."""
    where = f"Prometheus at {access.endpoint}"
    said = _said(body)
    if status == HTTPStatus.UNAUTHORIZED:
        text = f"{where} wants credentials or refused ours (401): set or renew the token or password file"
        return _error(ProblemKind.UNAUTHORIZED, text)
    if status == HTTPStatus.FORBIDDEN:
        text = f"{where} does not allow this account to query (403): grant it read access, or set the tenant's header"
        return _error(ProblemKind.FORBIDDEN, text)
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY} and body is not None:
        return _error(ProblemKind.BAD_QUERY, f"{where} refused the query{said}; the query was: {promql}")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        text = f"{where} is in trouble or limits us ({status}){said}: look at its own logs and limits"
        return _error(ProblemKind.BUSY, text)
    return _odd(where, status, body or {})


def response_malformed(fault: Exception, access: Access, promql: str) -> EvidenceError:
    """Tell an answer that says it is a success and does not have the shape of Prometheus' API."""
    text = (
        f"Prometheus at {access.endpoint} answered with data that is malformed ({fault}): check what stands between it"
        f" and this step, such as a proxy or another program; the query was: {promql[:_SHOWN]}"
    )
    return _error(ProblemKind.NOT_PROMETHEUS, text)


def response_too_large(access: Access, promql: str) -> EvidenceError:
    """Tell an answer that is too large to be read."""
    text = (
        f"Prometheus at {access.endpoint} answered with more than {MAX_BYTES >> 20} MiB: check what stands between it"
        f" and this step, or narrow the query with --metric-labels; the query was: {promql[:_SHOWN]}"
    )
    return _error(ProblemKind.NOT_PROMETHEUS, text)


def _odd(where: str, status: int, body: dict[str, Any]) -> EvidenceError:
    if body.get("isPartial"):
        text = f"{where} answered with a part of the data only: some of its storage nodes are not available"
        return _error(ProblemKind.PARTIAL, text)
    if body.get("status") == "error":
        return _error(ProblemKind.BUSY, f"{where} answered with an error{_said(body)}")
    return _error(ProblemKind.NOT_PROMETHEUS, _stranger(where, status))


def _stranger(where: str, status: int) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"{where} redirects elsewhere ({status}), as a login page does: use the address it leads to, or a token"
    if status == HTTPStatus.NOT_FOUND:
        return f"{where} has no query API there (404): the base path may be missing, such as /prometheus"
    return f"{where} did not answer as Prometheus does (status {status}, no JSON result): is it a login page?"


def _connection(fault: requests.exceptions.ConnectionError) -> str:
    cause: BaseException | None = getattr(fault.args[0], "reason", None) if fault.args else None
    if isinstance(cause, NameResolutionError | socket.gaierror):
        return "has a name that does not resolve: check the address, and that its Service exists"
    if "refused" in str(fault).lower():
        return "refuses connections: it is down, or the port is wrong"
    return "cannot be reached: it is down, or the network does not allow the connection"


def _said(body: dict[str, Any] | None) -> str:
    text = body.get("error", "") if body else ""
    return f" ({text[:_SHOWN]})" if text and isinstance(text, str) else ""


def _error(kind: ProblemKind, sentence: str) -> EvidenceError:
    return EvidenceError(Problem(kind, sentence))
