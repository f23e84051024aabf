"""Every way in which a query to Prometheus can fail: one sentence each, with its remedy and without secrets."""

import socket
from http import HTTPStatus
from typing import Any, Final

import requests
from urllib3.exceptions import NameResolutionError

from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.response_json import MAX_BYTES
from steps.model.evidence import Problem, ProblemKind

_SHOWN: Final = 300


class EvidenceError(Exception):
    """A query had no usable response; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def request_failed(fault: Exception, access: Access) -> EvidenceError:
    """Return the error for a request without a response."""
    where = f"Prometheus at {access.endpoint}"
    if isinstance(fault, requests.exceptions.SSLError):
        text = f"{where} has a certificate that is not trusted here, or refused ours: check CA and client certificate"
        return _error(ProblemKind.UNREACHABLE, text)
    if isinstance(fault, requests.RequestException):
        return _error(*_without_response(fault, where, access))
    name = getattr(fault, "filename", None) or "a file"
    text = f"{name}, which holds credentials or certificates for {where}, cannot be read: check the mounted secret"
    return _error(ProblemKind.UNAUTHORIZED, text)


def _without_response(fault: requests.RequestException, where: str, access: Access) -> tuple[ProblemKind, str]:
    """Return kind and sentence for a request whose response did not arrive, or not completely."""
    sentences = {
        requests.exceptions.ReadTimeout: (
            ProblemKind.SLOW,
            f"{where} took more than {access.timeout_seconds:g} s to answer: check its load, or raise the timeout",
        ),
        requests.exceptions.ConnectTimeout: (
            ProblemKind.UNREACHABLE,
            f"{where} did not accept a connection in time: check address, port and NetworkPolicies",
        ),
        requests.exceptions.ChunkedEncodingError: (
            ProblemKind.UNREACHABLE,
            f"{where} closed the connection in the middle of its response: check its log, and any proxy in between",
        ),
        requests.exceptions.ContentDecodingError: (
            ProblemKind.NOT_PROMETHEUS,
            f"{where} sent compressed data that cannot be read: check any proxy between it and this step",
        ),
    }
    for kind, found in sentences.items():
        if isinstance(fault, kind):
            return found
    if isinstance(fault, requests.exceptions.ConnectionError):
        return ProblemKind.UNREACHABLE, f"{where} {_connection(fault)}"
    text = f"the request to {where} failed ({type(fault).__name__}): check its address"
    return ProblemKind.UNREACHABLE, text


def response_refused(status: int, body: dict[str, Any] | None, access: Access, promql: str) -> EvidenceError:
    """Return the error for a response that is not a complete success."""
    where = f"Prometheus at {access.endpoint}"
    message = _server_message(body)
    if status == HTTPStatus.UNAUTHORIZED:
        text = f"{where} requires credentials, or refused ours (401): set or renew the token or password file"
        return _error(ProblemKind.UNAUTHORIZED, text)
    if status == HTTPStatus.FORBIDDEN:
        text = f"{where} does not let this account query (403): grant it read access, or set the tenant's header"
        return _error(ProblemKind.FORBIDDEN, text)
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY} and body is not None:
        return _error(ProblemKind.BAD_QUERY, f"{where} refused the query{message}; the query was: {promql}")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        text = f"{where} is failing or rate-limits us ({status}){message}: check its logs and limits"
        return _error(ProblemKind.BUSY, text)
    return _unexpected(where, status, body or {})


def response_malformed(fault: Exception, access: Access, promql: str) -> EvidenceError:
    """Return the error for a response that claims success but does not follow Prometheus' API."""
    text = (
        f"Prometheus at {access.endpoint} sent a malformed response ({fault}): check what is between it and this"
        f" step, such as a proxy or another program; the query was: {promql[:_SHOWN]}"
    )
    return _error(ProblemKind.NOT_PROMETHEUS, text)


def response_too_large(access: Access, promql: str) -> EvidenceError:
    """Return the error for a response that is too large to read."""
    text = (
        f"Prometheus at {access.endpoint} sent more than {MAX_BYTES >> 20} MiB: check what is between it"
        f" and this step, or narrow the query with --metric-labels; the query was: {promql[:_SHOWN]}"
    )
    return _error(ProblemKind.NOT_PROMETHEUS, text)


def _unexpected(where: str, status: int, body: dict[str, Any]) -> EvidenceError:
    if body.get("isPartial"):
        text = f"{where} sent only a part of the data: some of its storage nodes are down; check them"
        return _error(ProblemKind.PARTIAL, text)
    if body.get("status") == "error":
        return _error(ProblemKind.BUSY, f"{where} answered with an error{_server_message(body)}")
    return _error(ProblemKind.NOT_PROMETHEUS, _not_prometheus(where, status))


def _not_prometheus(where: str, status: int) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"{where} redirects elsewhere ({status}), as a login page does: use that address, or a token"
    if status == HTTPStatus.NOT_FOUND:
        return f"{where} has no query API there (404): check its base path, such as /prometheus"
    return f"{where} did not answer like Prometheus (status {status}, no JSON result): is it a login page?"


def _connection(fault: requests.exceptions.ConnectionError) -> str:
    cause: BaseException | None = getattr(fault.args[0], "reason", None) if fault.args else None
    if isinstance(cause, NameResolutionError | socket.gaierror):
        return "has a name that does not resolve: check the address, and that its Service exists"
    if "refused" in str(fault).lower():
        return "refuses connections: it is down, or the port is wrong"
    return "cannot be reached: it is down, or the network does not allow the connection"


def _server_message(body: dict[str, Any] | None) -> str:
    text = body.get("error", "") if body else ""
    return f" ({text[:_SHOWN]})" if text and isinstance(text, str) else ""


def _error(kind: ProblemKind, sentence: str) -> EvidenceError:
    return EvidenceError(Problem(kind, sentence))
