"""The client of a registry: a tag in, its digest out."""

import hashlib
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin

import requests
import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from steps.errors import PermanentError, TemporaryError
from steps.http_client.client import HttpClient
from steps.http_client.limits import Answer, AnswerTooLargeError, Limits
from steps.registry.access import AuthorizationHeader, RegistryAccess, parse_challenge
from steps.registry.bearer_token import fetch_token
from steps.registry.reference import Reference, is_digest
from steps.registry.registry_errors import RetryLater, error_of_answer, error_of_exception, is_temporary
from steps.registry.trusted_hosts import is_same_server, may_answer

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
_REDIRECT: Final = {301, 302, 303, 307, 308}
_SHOWN: Final = 200


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
        self._http = HttpClient()
        headers = self._http.session.headers
        headers["User-Agent"] = "canary-steps"
        headers["Accept"] = ", ".join(MANIFESTS)
        # A digest is computed over the bytes as they are stored.
        headers["Accept-Encoding"] = "identity"

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
        try:
            return retrying(self._once, image)
        finally:
            self._http.close()

    def _once(self, image: Reference) -> str:
        # HEAD first: Docker Hub does not count it as a pull.
        answer = self._ask("HEAD", image)
        announced = answer.headers.get(_DIGEST_HEADER, "")
        if answer.status == HTTPStatus.OK and is_digest(announced) and _is_manifest(answer):
            return announced
        return self._digest_of_body(image, self._ask("GET", image))

    def _digest_of_body(self, image: Reference, answer: Answer) -> str:
        """Return the digest computed from a whole manifest; the registry's header must not contradict it."""
        doing, where = _doing(image), f"the registry {image.host}"
        if answer.status != HTTPStatus.OK:
            raise error_of_answer(doing, where, answer, f"tag {image.tag} of {image.path}", self._access.who)
        if not _is_manifest(answer):
            kind = answer.headers.get("Content-Type", "no type")[:100]
            cause = f"{where} answered with {kind!r}, not with a manifest: is it a login page, or an image of 2016?"
            raise PermanentError(doing, cause)
        announced, body = answer.headers.get(_DIGEST_HEADER, ""), answer.content
        algorithm = announced.partition(":")[0] if is_digest(announced) else "sha256"
        found = f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"
        if not body or (announced and announced != found):
            cause = f"{where} sent {len(body)} bytes with digest {found}, and calls them {announced[:100] or 'nothing'}"
            raise TemporaryError(doing, f"{cause}: the answer was cut short, or a proxy changed it")
        return found

    def _ask(self, method: str, image: Reference) -> Answer:
        """Ask for a manifest; if the registry wants authentication, ask once more with it."""
        answer = self._follow(method, image)
        if answer.status != HTTPStatus.UNAUTHORIZED or self._authorization:
            return answer
        scope = f"repository:{image.path}:pull"
        challenge = parse_challenge(answer.headers.get("WWW-Authenticate", ""), scope)
        access = self._access
        if challenge is None or not (challenge.realm or access.credentials):
            return answer
        if challenge.realm:
            self._authorization = f"Bearer {fetch_token(challenge, image.host, access, self._http, _doing(image))}"
        elif access.credentials:
            self._authorization = access.credentials.basic
        return self._follow(method, image)

    def _follow(self, method: str, image: Reference) -> Answer:
        """Ask for a manifest, wherever on its own hosts the registry keeps it; credentials stay on the first one."""
        access, doing, where = self._access, _doing(image), f"the registry {image.host}"
        first = address = f"{access.scheme}://{image.host}/v2/{image.path}/manifests/{image.tag}"
        for _ in range(_REDIRECTS + 1):
            answer = self._send(method, address, image, self._authorization if is_same_server(address, first) else "")
            if answer.status not in _REDIRECT or "Location" not in answer.headers:
                return answer
            address = _joined(address, answer.headers["Location"])
            if not may_answer(address, image.host, access.redirect_hosts, plain_http=access.plain_http):
                raise PermanentError(doing, _refused(where, address, plain_http=access.plain_http))
        raise PermanentError(doing, f"{where} redirects more than {_REDIRECTS} times: check its configuration")

    def _send(self, method: str, address: str, image: Reference, authorization: str) -> Answer:
        access, doing, where = self._access, _doing(image), f"the registry {image.host}"
        limits = Limits(access.timeout_seconds, _MAX_BYTES, connect_seconds=_CONNECT_SECONDS)
        header = AuthorizationHeader(authorization)
        try:
            answer = self._http.send(method, address, limits, auth=header, verify=access.verify)
        except AnswerTooLargeError:
            cause = f"{where} sends a manifest of more than {_MAX_BYTES >> 20} MiB"
            raise TemporaryError(doing, f"{cause}: is something else at its address?") from None
        except (requests.RequestException, OSError) as fault:
            raise error_of_exception(doing, where, fault) from fault
        if is_temporary(answer.status):
            raise error_of_answer(doing, where, answer, f"tag {image.tag} of {image.path}", access.who)
        return answer


def _joined(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:  # not a URL; it is refused as it is
        return location


def _refused(where: str, address: str, *, plain_http: bool) -> str:
    if address.lower().startswith("http://") and not plain_http:
        return f"{where} redirects to plain http, where anybody could answer: not followed"
    help_text = "if that is right, name the host with --registry-redirect-hosts"
    return f"{where} redirects to {address.partition('?')[0][:_SHOWN]!r}, another host, which is not asked: {help_text}"


def _doing(image: Reference) -> str:
    return f"asking what {image.name}:{image.tag} is"


def _is_manifest(answer: Answer) -> bool:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() in MANIFESTS


def _wait(state: RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.seconds if isinstance(fault, RetryLater) else 0.0
    return max(asked, wait_exponential_jitter(multiplier=0.5, max=10.0)(state))


def _log_retry(state: RetryCallState) -> None:
    fault = state.outcome.exception() if state.outcome else None
    log.warning("registry.retrying", reason=str(fault), pause_seconds=round(state.upcoming_sleep, 1))
