"""The client of a registry: a tag in, its digest out."""

import hashlib
import time
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import requests
import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from steps.errors import PermanentError, TemporaryError
from steps.registry.access import AuthorizationHeader, RegistryAccess, parse_challenge
from steps.registry.bearer_token import fetch_token
from steps.registry.bounded_body import BodyLimitExceeded, read_body
from steps.registry.reference import Reference, is_digest
from steps.registry.registry_errors import RetryLater, error_of_exception, error_of_response, is_temporary

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MANIFESTS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""An index comes first: the digest of a multi-arch image is that of its index, from which each node picks its part."""

_MAX_BYTES: Final = 4 << 20
"""Registries do not accept larger manifests."""
_DIGEST_HEADER: Final = "Docker-Content-Digest"
_CONNECT_SECONDS: Final = 5.0
_REDIRECTS: Final = 3


class Registry:
    """A client of one registry, for one image at a time.

    Args:
        access: scheme, credentials, timeouts.
        pause: waits for the given seconds.
    """

    def __init__(self, access: RegistryAccess, pause: Callable[[float], None] = time.sleep) -> None:
        self._access = access
        self._pause = pause
        self._authorization = ""
        self._session = requests.Session()
        self._session.max_redirects = _REDIRECTS
        self._session.headers["User-Agent"] = "canary-steps"
        self._session.headers["Accept"] = ", ".join(MANIFESTS)
        # A digest is computed over the bytes as they are stored.
        self._session.headers["Accept-Encoding"] = "identity"

    def digest(self, image: Reference) -> str:
        """Return the digest that an image's tag stands for now; temporary faults are retried until the deadline.

        Raises:
            TemporaryError: the registry or its token service is failing.
            PermanentError: no such tag, no permission, not a registry; the message says what helps.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(TemporaryError),
            stop=stop_before_delay(self._access.deadline_seconds),
            wait=_wait,
            sleep=self._pause,
            before_sleep=_log_retry,
            reraise=True,
        )
        with self._session:
            return retrying(self._once, image)

    def _once(self, image: Reference) -> str:
        # HEAD first: Docker Hub does not count it as a pull.
        with closing(self._ask("HEAD", image)) as response:
            announced = response.headers.get(_DIGEST_HEADER, "")
            if response.status_code == HTTPStatus.OK and is_digest(announced) and _is_manifest(response):
                return announced
        with closing(self._ask("GET", image)) as response:
            return self._digest_of_body(image, response)

    def _digest_of_body(self, image: Reference, response: requests.Response) -> str:
        """Return the digest computed from a whole manifest; the registry's header must not contradict it."""
        doing, where = _doing(image), f"the registry {image.host}"
        if response.status_code != HTTPStatus.OK:
            raise error_of_response(doing, where, response, f"tag {image.tag} of {image.path}", self._access.who)
        if not _is_manifest(response):
            kind = response.headers.get("Content-Type", "no type")[:100]
            cause = f"{where} answered with {kind!r}, not with a manifest: is it a login page, or an image of 2016?"
            raise PermanentError(doing, cause)
        announced = response.headers.get(_DIGEST_HEADER, "")
        algorithm = announced.partition(":")[0] if is_digest(announced) else "sha256"
        try:
            body = read_body(response, _MAX_BYTES, self._access.timeout_seconds)
        except BodyLimitExceeded:
            cause = f"{where} sends a manifest of more than 4 MiB, or sends it too slowly"
            raise TemporaryError(doing, f"{cause}: is something else at its address?") from None
        except requests.RequestException as fault:
            raise error_of_exception(doing, where, fault) from fault
        found = f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"
        if not body or (announced and announced != found):
            cause = f"{where} sent {len(body)} bytes with digest {found}, and calls them {announced[:100] or 'nothing'}"
            raise TemporaryError(doing, f"{cause}: the answer was cut short, or a proxy changed it")
        return found

    def _ask(self, method: str, image: Reference) -> requests.Response:
        """Ask for a manifest; if the registry wants authentication, ask once more with it."""
        response = self._send(method, image)
        if response.status_code != HTTPStatus.UNAUTHORIZED or self._authorization:
            return response
        scope = f"repository:{image.path}:pull"
        challenge = parse_challenge(response.headers.get("WWW-Authenticate", ""), scope)
        credentials = self._access.credentials
        if challenge is None or not (challenge.realm or credentials):
            return response
        response.close()
        if challenge.realm:
            self._authorization = f"Bearer {fetch_token(challenge, self._access, self._session, _doing(image))}"
        elif credentials:
            self._authorization = credentials.basic
        return self._send(method, image)

    def _send(self, method: str, image: Reference) -> requests.Response:
        access, doing, where = self._access, _doing(image), f"the registry {image.host}"
        address = f"{access.scheme}://{image.host}/v2/{image.path}/manifests/{image.tag}"
        limit = (min(_CONNECT_SECONDS, access.timeout_seconds), access.timeout_seconds)
        try:
            response = self._session.request(
                method,
                address,
                auth=AuthorizationHeader(self._authorization),
                timeout=limit,
                verify=access.verify,
                stream=True,
                allow_redirects=True,
            )
        except (requests.RequestException, OSError) as fault:
            raise error_of_exception(doing, where, fault) from fault
        if urlsplit(response.url).scheme != access.scheme and not access.plain_http:
            response.close()
            raise PermanentError(doing, f"{where} redirects to plain http, where anybody could answer: not followed")
        if is_temporary(response.status_code):
            with closing(response):
                raise error_of_response(doing, where, response, f"tag {image.tag} of {image.path}", access.who)
        return response


def _doing(image: Reference) -> str:
    return f"asking what {image.name}:{image.tag} is"


def _is_manifest(response: requests.Response) -> bool:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower() in MANIFESTS


def _wait(state: RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.seconds if isinstance(fault, RetryLater) else 0.0
    return max(asked, wait_exponential_jitter(multiplier=0.5, max=10.0)(state))


def _log_retry(state: RetryCallState) -> None:
    fault = state.outcome.exception() if state.outcome else None
    log.warning("registry.retrying", reason=str(fault), pause_seconds=round(state.upcoming_sleep, 1))
