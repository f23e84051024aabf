"""HTTP to the API server: configuration, timeouts, retries of temporary faults, and the server's clock.

The generated API classes of the kubernetes package are not used: they hide the `Date` header, which is our clock, and
they turn JSON into models that drop unknown fields, although everything except the weights must stay byte-equal.
"""

import copy
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self, cast

import tenacity
import urllib3
from kubernetes import config as untyped_config
from kubernetes.client import ApiClient, ApiException, Configuration

from steps.cluster.deadline import Deadline
from steps.cluster.server_clock import ServerClock
from steps.errors import SettingsError, TemporaryError

config: Any = untyped_config  # half of its functions have no types

USER_AGENT = "canary-steps"
_RETRIED_STATUS = frozenset({429, 500, 502, 503, 504})
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A response of the API server: HTTP status (100-599) and the decoded JSON body."""

    status: int
    body: dict[str, Any]


class _TemporaryFault(Exception):  # noqa: N818 - private signal to the retry loop
    """The request met a temporary fault; `str()` says which."""


class Connection:
    """A connection to one API server, with the credentials of this process.

    Args:
        kubeconfig: path of a kubeconfig; empty means the pod's service account, else the default kubeconfig.
        context: kubeconfig context, empty for the current one.
        request_timeout_seconds: timeout of a single request (> 0).
        retry_seconds: how long temporary faults (no connection, 429, 5xx, a success that is not JSON) are retried
            before TemporaryError (>= 0).

    Raises:
        SettingsError: no usable configuration was found.
    """

    _retry_seconds = 0.0
    _accept = "application/json"
    _deadline: Deadline | None = None

    def __init__(
        self,
        kubeconfig: str = "",
        context: str = "",
        request_timeout_seconds: float = 10.0,
        retry_seconds: float = 30.0,
    ) -> None:
        self._client = cast("Any", ApiClient(_configuration(kubeconfig, context)))
        self._client.set_default_header("User-Agent", USER_AGENT)
        self._timeout = request_timeout_seconds
        self._retry_seconds = retry_seconds
        self._clock = ServerClock()
        self.default_namespace = _context_namespace(kubeconfig, context)

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None, doing: str = ""
    ) -> ApiResponse:
        """Send one request and retry temporary faults.

        Raises:
            TemporaryError: the fault outlasted `retry_seconds`, or the work's deadline is over.
        """
        left = self._deadline.left(doing) if self._deadline is not None else self._retry_seconds
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_TemporaryFault),
            stop=tenacity.stop_after_delay(min(left, self._retry_seconds)),
            wait=tenacity.wait_random_exponential(multiplier=0.1, max=2.0),
            reraise=True,
        )
        try:
            return retrying(self._once, method, path, dict(query or {}), body)
        except _TemporaryFault as fault:
            retried = f"; retried for {self._retry_seconds:.0f} s. Nothing else was done; run the step again"
            cause = f"{fault}{retried if self._retry_seconds else ''}."
            raise TemporaryError(doing or f"asking the API server ({method} {path})", cause) from fault

    def without_retries(self, seconds: float) -> Self:
        """Return this connection for requests that must never delay a run: one attempt of at most `seconds` (> 0)."""
        other = copy.copy(self)
        other._timeout, other._retry_seconds = seconds, 0.0  # noqa: SLF001 - a copy of oneself
        return other

    def within(self, deadline: Deadline) -> Self:
        """Return this connection for work that ends at a deadline."""
        other = copy.copy(self)
        other._deadline = deadline  # noqa: SLF001 - a copy of oneself
        return other

    def for_metadata(self) -> Self:
        """Return this connection for lists whose objects need only their metadata; a server may answer with more."""
        other = copy.copy(self)
        other._accept = _METADATA  # noqa: SLF001 - a copy of oneself
        return other

    def pause(self, seconds: float) -> None:
        """Wait before a question is asked again; a connection without retries does not wait."""
        time.sleep(min(seconds, self._retry_seconds))

    def now(self) -> float:
        """Return the API server's time (unix seconds, to 1 s), see `ServerClock`."""
        if not self._clock.is_known:
            self.request("GET", "/version", doing="reading the API server's time")
        return self._clock.now()

    def _once(self, method: str, path: str, query: dict[str, str], body: object) -> ApiResponse:
        headers = {"Accept": self._accept}
        if body is not None:
            headers["Content-Type"] = _JSON_PATCH if method == "PATCH" else "application/json"
        prepared = self._client.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._client.call_api(*prepared, _request_timeout=self._timeout)
            raw = response.read()
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            raise _TemporaryFault(f"no answer from the API server ({type(error).__name__}: {error})") from error
        self._clock.update(response.getheader("Date"))
        answer = ApiResponse(response.status, _decode(raw, response.status))
        if answer.status in _RETRIED_STATUS and not is_too_large(answer):
            raise _TemporaryFault(
                f"the API server answered {answer.status} ({answer.body.get('message', 'no message')})"
            )
        return answer


def is_too_large(answer: ApiResponse) -> bool:
    """Return whether the object is larger than the API server or its store takes, which no retry changes."""
    message = str(answer.body.get("message") or "").lower()
    has_words = "request is too large" in message or "message larger than max" in message
    return answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (answer.status != HTTPStatus.OK and has_words)


def _decode(raw: bytes, status: int) -> dict[str, Any]:
    """Return the JSON object of an answer; an error without one has its text as a message.

    Raises:
        _TemporaryFault: the answer claims success without JSON: a proxy gave it, not the API server.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = raw[:200].decode(errors="replace")
    if isinstance(body, dict):
        return body
    if status < HTTPStatus.MULTIPLE_CHOICES:
        raise _TemporaryFault(f"the API server answered {status} with something other than an object: {body!s:.200}")
    return {"message": str(body)[:200]}


def _context_namespace(kubeconfig: str, context: str) -> str:
    """Return the namespace of the kubeconfig's context, "default" where none is named or there is no kubeconfig."""
    try:
        contexts, active = config.list_kube_config_contexts(config_file=kubeconfig or None)
    except config.ConfigException:
        return "default"
    chosen = next((entry for entry in contexts if entry["name"] == context), active)
    return str(chosen["context"].get("namespace") or "default")


def _configuration(kubeconfig: str, context: str) -> Configuration:
    configuration = Configuration()
    try:
        if not kubeconfig and not context and Path("/var/run/secrets/kubernetes.io/serviceaccount/token").exists():
            config.load_incluster_config(client_configuration=configuration)
        else:
            config.load_kube_config(
                config_file=kubeconfig or None, context=context or None, client_configuration=configuration
            )
    except (config.ConfigException, OSError, ValueError) as error:
        named = f"kubeconfig {kubeconfig!r}: " if kubeconfig else ""
        remedy = "Set kubeconfig (--kubeconfig or CANARY_KUBECONFIG), or run in a pod with a service account."
        cause = f"{named}{str(error).rstrip('.')}. {remedy}"
        raise SettingsError("looking for a way to the API server", cause) from error
    configuration.retries = False  # the retry loop here is the only one
    return configuration
