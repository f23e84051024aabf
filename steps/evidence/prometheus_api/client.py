"""The only place that talks to Prometheus: a query in, its response out, or an error with a sentence of its own."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import requests
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from steps.errors import PermanentError, StepError, TemporaryError
from steps.evidence.prometheus_api.access import Access, FileAuth
from steps.evidence.prometheus_api.prometheus_errors import (
    EvidenceError,
    request_failed,
    response_malformed,
    response_refused,
    response_too_large,
)
from steps.evidence.prometheus_api.response_body import TooLargeError, read_body
from steps.evidence.prometheus_api.response_schema import MalformedResponseError, result_of, warnings_of
from steps.model.evidence import ProblemKind

_LONG_QUERY: Final = 2000
_ATTEMPTS: Final = 2
_RETRY_SECONDS: Final = 0.3
_CONNECT_SECONDS: Final = 3.0
_RETRYABLE: Final = {ProblemKind.UNREACHABLE, ProblemKind.BUSY}
_PERMANENT: Final = {
    ProblemKind.BAD_QUERY,
    ProblemKind.UNAUTHORIZED,
    ProblemKind.FORBIDDEN,
    ProblemKind.NOT_PROMETHEUS,
    ProblemKind.NO_SERIES,
}


@dataclass(frozen=True, slots=True)
class QueryResponse:
    """A successful response of Prometheus.

    Attributes:
        query: PromQL as sent.
        at: the server's time of the response, unix seconds, by its Date header (whole seconds).
        result: the `data.result` list as parsed from JSON.
        warnings: texts from the server; the data may be incomplete.
    """

    query: str
    at: float
    result: list[dict[str, Any]]
    warnings: tuple[str, ...] = ()


ResponseHook = Callable[[QueryResponse], None]
"""Gets every response before it is used: the hook for recordings."""


class Prometheus:
    """A client of the HTTP API's instant query.

    Args:
        access: address and credentials.
        record: called with each response.
        clock: only used if the server sends no Date.
    """

    def __init__(
        self, access: Access, record: ResponseHook | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.access = access
        self._record = record
        self._clock = clock
        self._session = requests.Session()
        self._session.auth = FileAuth(access)
        self._session.headers.update(access.headers)
        self._session.headers["Accept"] = "application/json"
        if access.client_cert and access.client_key:
            self._session.cert = (str(access.client_cert), str(access.client_key))

    def query(self, promql: str) -> QueryResponse:
        """Evaluate an instant query at the server's own time.

        Raises:
            EvidenceError: there was no complete response; its problem has a sentence with the remedy.
        """
        attempts = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_fixed(_RETRY_SECONDS),
            retry=retry_if_exception(lambda fault: isinstance(fault, EvidenceError) and _is_retryable(fault)),
            reraise=True,
        )
        answer = attempts(self._once, promql)
        if self._record:
            self._record(answer)
        return answer

    def _once(self, promql: str) -> QueryResponse:
        address = f"{self.access.endpoint}/api/v1/query"
        form = {"query": promql}
        options: dict[str, Any] = {
            "timeout": (min(_CONNECT_SECONDS, self.access.timeout_seconds), self.access.timeout_seconds),
            "allow_redirects": False,
            "stream": True,
            # Set on the session alone, REQUESTS_CA_BUNDLE would override it.
            "verify": str(self.access.ca_file) if self.access.ca_file else None,
        }
        try:
            # GET if the query is short enough: authorising proxies often allow reading ("get") but not "create".
            if len(promql) <= _LONG_QUERY:
                response = self._session.get(address, params=form, **options)
            else:
                response = self._session.post(address, data=form, **options)
            content = read_body(response, self.access.timeout_seconds)
        except TooLargeError as fault:
            raise response_too_large(self.access, promql) from fault
        except (requests.RequestException, OSError) as fault:
            raise request_failed(fault, self.access) from fault
        return self._read(response, content, promql)

    def _read(self, response: requests.Response, content: bytes, promql: str) -> QueryResponse:
        body = _json(content)
        good = response.status_code == HTTPStatus.OK and body is not None and body.get("status") == "success"
        if body is None and response.status_code == HTTPStatus.OK and content.lstrip().startswith(b"{"):
            raise response_malformed(MalformedResponseError("JSON that is cut off or invalid"), self.access, promql)
        if body is None or not good or body.get("isPartial"):
            raise response_refused(response.status_code, body, self.access, promql)
        try:
            at = self._time(response)
            result, texts = result_of(body, at), warnings_of(body)
        except MalformedResponseError as fault:
            raise response_malformed(fault, self.access, promql) from fault
        return QueryResponse(promql, at, result, texts)

    def _time(self, response: requests.Response) -> float:
        try:
            return parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return self._clock()


def step_error(fault: EvidenceError, action: str) -> StepError:
    """Return the step's error for a failed query: permanent if waiting cannot help, else temporary."""
    kind = PermanentError if fault.problem.kind in _PERMANENT else TemporaryError
    return kind(action, fault.problem.sentence)


def _is_retryable(fault: EvidenceError) -> bool:
    return fault.problem.kind in _RETRYABLE


def _json(content: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
