"""A registry's responses, good and bad: the digest, or a sentence with a remedy and the right type of error."""

import hashlib
from http import HTTPStatus
from typing import Any

import pytest
import requests
import responses

from steps.errors import PermanentError, StepError, TemporaryError
from steps.registry.access import RegistryAccess
from steps.registry.registry import MANIFESTS
from tests.support.registry_api import (
    DIGEST,
    HEADERS,
    TOKENS,
    URL,
    Clock,
    asked,
    get,
    head,
    refused,
)


@responses.activate
@pytest.mark.parametrize("kind", [*MANIFESTS, f"{MANIFESTS[1]}; charset=utf-8"])
def test_the_digest_comes_from_the_registrys_header(kind: str) -> None:
    """One request that Docker Hub does not count; an index is asked for first, and its digest is used."""
    head(headers=HEADERS, content_type=kind)
    assert DIGEST == asked()
    [call] = responses.calls
    assert call.request.headers["Accept"].startswith("application/vnd.oci.image.index.v1+json, ")
    assert "Authorization" not in call.request.headers


@responses.activate
@pytest.mark.parametrize(
    "answer",
    [
        {"status": HTTPStatus.METHOD_NOT_ALLOWED},
        {"status": HTTPStatus.NOT_FOUND},
        {"headers": {}},
        {"headers": {"Docker-Content-Digest": "none"}},
        {"headers": HEADERS, "content_type": "text/html"},
    ],
)
def test_without_a_digest_in_the_header_it_is_computed_from_the_manifest(answer: dict[str, Any]) -> None:
    """Not every registry supports HEAD, and proxies drop headers."""
    head(**answer)
    manifest = b'{"schemaVersion": 2}'
    get(body=manifest)
    assert f"sha256:{hashlib.sha256(manifest).hexdigest()}" == asked()


@responses.activate
def test_a_body_with_another_digest_than_announced_is_refused() -> None:
    """It was cut short, or changed on the way."""
    head(status=HTTPStatus.METHOD_NOT_ALLOWED)
    get(body=b"{}", headers=HEADERS)
    error = refused()
    assert isinstance(error, TemporaryError)
    assert "sent 2 bytes" in str(error)


@responses.activate
@pytest.mark.parametrize(
    ("answer", "kind", "parts"),
    [
        ({"status": 404, "json": {"errors": [{"code": "MANIFEST_UNKNOWN"}]}}, PermanentError,
         ["registry registry.test has no tag v2 of team/shop (404 MANIFEST_UNKNOWN)", "was it pushed"]),
        ({"status": 401}, PermanentError, ["does not let anonymous users", "(401)", "--registry-config"]),
        ({"status": 403, "json": {"errors": [{"code": "DENIED"}]}}, PermanentError, ["forbids", "(403 DENIED)"]),
        ({"status": 429}, TemporaryError, ["rate-limits", "(429)", "higher limit"]),
        ({"status": 500, "body": "panic: s3cret"}, TemporaryError, ["is failing (500)"]),
        ({"status": 503, "json": {"errors": [{"code": "s3cret"}]}}, TemporaryError, ["is failing (503)"]),
        ({"status": 418}, PermanentError, ["did not answer like a registry (418)"]),
        ({"status": 200, "body": "<html>", "content_type": "text/html"}, PermanentError, ["'text/html'", "login page"]),
        ({"status": 200, "body": "{}", "content_type": "application/vnd.docker.distribution.manifest.v1+prettyjws"},
         PermanentError, ["manifest.v1+prettyjws"]),
        ({"status": 200, "body": ""}, TemporaryError, ["sent 0 bytes"]),
        ({"status": 200, "body": b" " * ((4 << 20) + 1)}, TemporaryError, ["more than 4 MiB"]),
        ({"body": requests.exceptions.ReadTimeout()}, TemporaryError, ["took too long"]),
        ({"body": requests.exceptions.ConnectionError("Connection refused")}, TemporaryError, ["is down"]),
        ({"body": requests.exceptions.ConnectionError("reset")}, TemporaryError, ["closed the connection"]),
        ({"body": requests.exceptions.ChunkedEncodingError("cut")}, TemporaryError, ["closed the connection"]),
        ({"body": requests.exceptions.SSLError()}, PermanentError, ["--registry-ca-file", "--registry-plain-http"]),
        ({"body": requests.exceptions.InvalidURL()}, PermanentError, ["InvalidURL"]),
        ({"body": FileNotFoundError(2, "no", "/etc/ca.pem")}, PermanentError, ["/etc/ca.pem cannot be read"]),
    ],
)  # fmt: skip
def test_every_refusal_has_its_sentence(answer: dict[str, Any], kind: type[StepError], parts: list[str]) -> None:
    """An error is temporary if the same request may succeed later; the others need a person."""
    head(status=HTTPStatus.METHOD_NOT_ALLOWED)
    get(**answer)
    error = refused()
    assert isinstance(error, kind)
    assert [] == [part for part in parts if part not in str(error)], str(error)
    assert "While asking what registry.test/team/shop:v2 is: " in str(error)


@responses.activate
def test_temporary_faults_are_retried_until_the_deadline() -> None:
    """429 with its Retry-After, 5xx and broken connections."""
    head(status=429, headers={"Retry-After": "7"})
    head(status=503)
    head(body=requests.exceptions.ConnectionError("reset"))
    head(headers=HEADERS)
    clock = Clock()
    assert DIGEST == asked(RegistryAccess(deadline_seconds=60), clock)
    assert 3 == len(clock.pauses)
    assert clock.pauses[0] >= 7
    assert all(0 < pause < 7 for pause in clock.pauses[1:])


@responses.activate
def test_a_retry_after_of_an_hour_is_not_waited_for() -> None:
    """The pause would pass the deadline."""
    head(status=429, headers={"Retry-After": "3600"})
    clock = Clock()
    with pytest.raises(TemporaryError, match="429"):
        asked(RegistryAccess(deadline_seconds=60), clock)
    assert [] == clock.pauses


@responses.activate
def test_plain_http_is_used_if_the_settings_ask_for_it() -> None:
    """For the registry and the token service."""
    plain = URL.replace("https", "http")
    realm = TOKENS.replace("https", "http")
    responses.head(plain, status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})
    responses.get(realm, json={"token": "t0ken"})
    responses.head(plain, headers=HEADERS, content_type=MANIFESTS[0])
    assert DIGEST == asked(RegistryAccess(plain_http=True, deadline_seconds=0))
