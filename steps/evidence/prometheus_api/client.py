"""The only place that talks to Prometheus: a query in, its response out, or an error with a sentence of its own."""

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
from steps.evidence.prometheus_api.response_json import MAX_BYTES, parse_object
from steps.evidence.prometheus_api.response_schema import MalformedResponseError, result_of, warnings_of
from steps.http_client.client import HttpClient
from steps.http_client.limits import Answer, AnswerTooLargeError, Limits
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
        self._http = HttpClient()
        session = self._http.session
        session.auth = FileAuth(access)
        session.headers.update(access.headers)
        session.headers["Accept"] = "application/json"
        if access.client_cert and access.client_key:
            session.cert = (str(access.client_cert), str(access.client_key))

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
        # GET if the query is short enough: authorising proxies often allow reading ("get") but not "create".
        method, place = ("GET", "params") if len(promql) <= _LONG_QUERY else ("POST", "data")
        # Set on the session alone, REQUESTS_CA_BUNDLE would override it.
        options: dict[str, Any] = {place: form, "verify": str(self.access.ca_file) if self.access.ca_file else None}
        limits = Limits(self.access.timeout_seconds, MAX_BYTES, connect_seconds=_CONNECT_SECONDS)
        try:
            return self._read(self._http.send(method, address, limits, **options), promql)
        except AnswerTooLargeError as fault:
            raise response_too_large(self.access, promql) from fault
        except (requests.RequestException, OSError) as fault:
            raise request_failed(fault, self.access) from fault

    def _read(self, answer: Answer, promql: str) -> QueryResponse:
        body = parse_object(answer.content)
        good = answer.status == HTTPStatus.OK and body is not None and body.get("status") == "success"
        if body is None and answer.status == HTTPStatus.OK and answer.content.lstrip().startswith(b"{"):
            raise response_malformed(MalformedResponseError("JSON that is cut off or invalid"), self.access, promql)
        if body is None or not good or body.get("isPartial"):
            raise response_refused(answer.status, body, self.access, promql)
        try:
            at = self._time(answer)
            result, texts = result_of(body, at), warnings_of(body)
        except MalformedResponseError as fault:
            raise response_malformed(fault, self.access, promql) from fault
        return QueryResponse(promql, at, result, texts)

    def _time(self, answer: Answer) -> float:
        try:
            return parsedate_to_datetime(answer.headers["Date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return self._clock()


def step_error(fault: EvidenceError, action: str) -> StepError:
    """Return the step's error for a failed query: permanent if waiting cannot help, else temporary."""
    kind = PermanentError if fault.problem.kind in _PERMANENT else TemporaryError
    return kind(action, fault.problem.sentence)


def _is_retryable(fault: EvidenceError) -> bool:
    return fault.problem.kind in _RETRYABLE
