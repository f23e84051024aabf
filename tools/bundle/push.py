"""Pushes the bundle to a registry by the distribution API."""

import os
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from steps.errors import PermanentError, StepError
from steps.http_client.client import HttpClient
from steps.registry.access import AuthorizationHeader, RegistryAccess, parse_challenge
from steps.registry.bearer_token import fetch_token
from steps.registry.credentials import credentials_for
from steps.registry.reference import Reference, parse
from steps.registry.registry_errors import error_of_exception
from tools.bundle.image import MANIFEST, Blob, Image

_SECONDS = 30.0
_SAID = 300
"""Characters of a registry's answer that a message repeats."""


def tagged(text: str) -> Reference:
    """Return where to push; the tag is the bundle's version, so it has to be written.

    Raises:
        ValueError: it is not a reference, or it has no tag, or a digest.
    """
    found = parse(text)
    if found.digest or not text.endswith(f":{found.tag}"):
        raise ValueError(f"{text} needs a tag, for example {found.name}:0.1.0, and no digest")
    return found


def registry_access(reference: Reference, config: str, *, plain_http: bool) -> RegistryAccess:
    """Return how to reach a registry: with the credentials that `docker login` has stored, if there are any.

    Args:
        reference: the image to push.
        config: path of a docker config.json; "" = where docker keeps it.
        plain_http: use http.
    """
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    path = config or (str(folder / "config.json") if (folder / "config.json").exists() else "")
    return RegistryAccess(credentials_for(reference, path), plain_http=plain_http, timeout_seconds=_SECONDS)


def push(image: Image, reference: Reference, access: RegistryAccess) -> None:
    """Push an image under its tag; blobs that the registry has already are left out.

    Raises:
        StepError: the registry cannot be reached, or refuses it; the message has its answer.
    """
    with requests.Session() as session:
        upload = _Upload(session, reference, access)
        for blob in (image.config, *image.layers):
            upload.blob(blob)
        upload.manifest(image.manifest)


class _Upload:
    """The uploads of one image, with one login."""

    def __init__(self, session: requests.Session, reference: Reference, access: RegistryAccess) -> None:
        self._session, self._reference, self._access = session, reference, access
        self._url = f"{access.scheme}://{reference.host}/v2/{reference.path}"
        self._authorization = ""
        self._doing = f"pushing the bundle to {reference.name}:{reference.tag}"

    def blob(self, blob: Blob) -> None:
        digest = blob.entry["digest"]
        if self._send("HEAD", f"{self._url}/blobs/{digest}").status_code == HTTPStatus.OK:
            return
        begun = self._send("POST", f"{self._url}/blobs/uploads/")
        self._check(begun, HTTPStatus.ACCEPTED)
        place = urljoin(begun.url, begun.headers.get("Location", ""))
        kind = {"Content-Type": "application/octet-stream"}
        self._check(self._send("PUT", place, kind, blob.content, {"digest": digest}), HTTPStatus.CREATED)

    def manifest(self, content: bytes) -> None:
        place = f"{self._url}/manifests/{self._reference.tag}"
        self._check(self._send("PUT", place, {"Content-Type": MANIFEST}, content), HTTPStatus.CREATED)

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes = b"",
        params: Mapping[str, str] | None = None,
    ) -> requests.Response:  # fmt: skip
        options: dict[str, Any] = {"headers": headers, "data": content, "params": params, "timeout": _SECONDS}
        try:
            answer = self._session.request(method, url, auth=AuthorizationHeader(self._authorization), **options)
            if answer.status_code == HTTPStatus.UNAUTHORIZED and not self._authorization and self._log_in(answer):
                answer = self._session.request(method, url, auth=AuthorizationHeader(self._authorization), **options)
        except requests.RequestException as fault:
            raise error_of_exception(self._doing, f"the registry {self._reference.host}", fault) from fault
        return answer

    def _log_in(self, answer: requests.Response) -> bool:
        """Return whether there is an Authorization header to try, after the registry has asked for one."""
        scope = f"repository:{self._reference.path}:pull,push"
        challenge = parse_challenge(answer.headers.get("WWW-Authenticate", ""), scope)
        credentials, host = self._access.credentials, self._reference.host
        if challenge and challenge.realm:
            self._authorization = f"Bearer {fetch_token(challenge, host, self._access, HttpClient(), self._doing)}"
        elif challenge and credentials:
            self._authorization = credentials.basic
        return bool(self._authorization)

    def _check(self, answer: requests.Response, wanted: HTTPStatus) -> None:
        if answer.status_code != wanted:
            raise self._refused(answer)

    def _refused(self, answer: requests.Response) -> StepError:
        said = f"{answer.status_code}: {answer.text[:_SAID].strip() or answer.reason}"
        help_text = "is the name right, and may this account push there (docker login)?"
        return PermanentError(self._doing, f"the registry {self._reference.host} answered {said}; {help_text}")
