"""A registry's responses, good and bad: the digest, or a sentence with a remedy and the right type of error."""

import hashlib
from http import HTTPStatus
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from steps.errors import PermanentError, StepError, TemporaryError
from steps.registry.access import RegistryAccess
from steps.registry.credentials import Credentials
from steps.registry.reference import parse
from steps.registry.registry import MANIFESTS, Registry

IMAGE = parse("registry.test/team/shop:v2")
URL = "https://registry.test/v2/team/shop/manifests/v2"
TOKENS = "https://registry.test/token"
DIGEST = f"sha256:{'a' * 64}"
HEADERS = {"Docker-Content-Digest": DIGEST}
ANN = Credentials("ann", "s3cret")
BEARER = {"WWW-Authenticate": f'Bearer realm="{TOKENS}",service="registry.test",scope="repository:team/shop:pull"'}


class Clock:
    """Records the pauses instead of waiting."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Pause."""
        self.pauses.append(seconds)


def asked(access: RegistryAccess | None = None, pause: Clock | None = None) -> str:
    """Resolve the image; by default with one attempt."""
    return Registry(access or RegistryAccess(deadline_seconds=0), pause or Clock()).digest(IMAGE)


def refused(access: RegistryAccess | None = None) -> StepError:
    """Return the error of a resolution, which must not contain a secret."""
    with pytest.raises(StepError) as caught:
        asked(access)
    shown = repr((caught.value, caught.value.__cause__, caught.value.__context__))
    assert "s3cret" not in shown
    assert "t0ken" not in shown
    return caught.value


def head(**options: Any) -> None:
    """Set the response to HEAD."""
    responses.head(URL, **{"content_type": MANIFESTS[0], **options})


def get(**options: Any) -> None:
    """Set the response to GET."""
    responses.get(URL, **{"content_type": MANIFESTS[0], **options})


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
@pytest.mark.parametrize("name", ["token", "access_token"])
@pytest.mark.parametrize("credentials", [None, ANN])
def test_a_token_is_fetched_where_the_registry_sends_us_for_one(credentials: Credentials | None, name: str) -> None:
    """The password goes only to the token service, and only the token goes to the registry."""
    head(status=401, headers=BEARER)
    basic = {"Authorization": credentials.basic} if credentials else {}
    wanted = {"service": "registry.test", "scope": "repository:team/shop:pull"}
    responses.get(
        TOKENS, json={name: "t0ken"}, match=[matchers.query_param_matcher(wanted), matchers.header_matcher(basic)]
    )
    head(headers=HEADERS, match=[matchers.header_matcher({"Authorization": "Bearer t0ken"})])
    assert DIGEST == asked(RegistryAccess(credentials, deadline_seconds=0))
    assert bool(credentials) == ("Authorization" in responses.calls[1].request.headers)


@responses.activate
def test_an_identity_token_is_exchanged_for_a_token() -> None:
    """As Azure's registry issues it; sent in the body, never in the URL."""
    head(status=401, headers={"WWW-Authenticate": f'Bearer realm="{TOKENS}",service="registry.test"'})
    grant = {
        "grant_type": "refresh_token", "refresh_token": "s3cret", "client_id": "canary-steps",
        "service": "registry.test", "scope": "repository:team/shop:pull",
    }  # fmt: skip
    responses.post(TOKENS, json={"access_token": "t0ken"}, match=[matchers.urlencoded_params_matcher(grant)])
    head(headers=HEADERS, match=[matchers.header_matcher({"Authorization": "Bearer t0ken"})])
    assert DIGEST == asked(RegistryAccess(Credentials(identity_token="s3cret"), deadline_seconds=0))


@responses.activate
def test_a_password_goes_to_a_registry_that_asks_for_it() -> None:
    """Not before: the first request is anonymous."""
    head(status=401, headers={"WWW-Authenticate": 'Basic realm="registry"'})
    head(headers=HEADERS, match=[matchers.header_matcher({"Authorization": ANN.basic})])
    assert DIGEST == asked(RegistryAccess(ANN, deadline_seconds=0))
    assert "Authorization" not in responses.calls[0].request.headers


@responses.activate
def test_a_token_is_preferred_over_a_password() -> None:
    """Some registries offer both in one header."""
    both = {"WWW-Authenticate": f'Basic realm="registry", {BEARER["WWW-Authenticate"]}'}
    head(status=401, headers=both)
    responses.get(TOKENS, json={"token": "t0ken"})
    head(headers=HEADERS, match=[matchers.header_matcher({"Authorization": "Bearer t0ken"})])
    assert DIGEST == asked(RegistryAccess(ANN, deadline_seconds=0))


@responses.activate
@pytest.mark.parametrize(
    ("answer", "kind", "part"),
    [
        (
            {"status": 401},
            PermanentError,
            "the token service registry.test does not let user 'ann' read repository:team",
        ),
        ({"status": 403}, PermanentError, "forbids user 'ann'"),
        ({"status": 429}, TemporaryError, "rate-limits user 'ann'"),
        ({"status": 502}, TemporaryError, "the token service registry.test is failing (502)"),
        ({"status": 302, "headers": {"Location": "https://evil.test"}}, PermanentError, "(302)"),
        ({"body": "s3cret"}, PermanentError, "returned no token"),
        ({"json": []}, PermanentError, "returned no token"),
        ({"json": {"token": ""}}, PermanentError, "returned no token"),
        ({"json": {"token": "a\r\nX-Evil: 1"}}, PermanentError, "returned no token"),
        ({"body": " " * ((1 << 18) + 1)}, PermanentError, "returned no token"),
        ({"body": requests.exceptions.ConnectTimeout()}, TemporaryError, "token service registry.test took too long"),
    ],
)
def test_a_token_service_may_refuse_too(answer: dict[str, Any], kind: type[StepError], part: str) -> None:
    """Each refusal has its own sentence."""
    head(status=401, headers=BEARER)
    responses.get(TOKENS, **answer)
    error = refused(RegistryAccess(ANN, deadline_seconds=0))
    assert isinstance(error, kind)
    assert part in str(error)


@responses.activate
@pytest.mark.parametrize("realm", ["http://registry.test/token", "file:///etc/passwd", "ftp://auth.test"])
def test_a_password_never_goes_over_plain_http(realm: str) -> None:
    """No matter what a registry asks for."""
    head(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})
    error = refused(RegistryAccess(ANN, deadline_seconds=0))
    assert isinstance(error, PermanentError)
    assert "credentials go over https only" in str(error)


@responses.activate
@pytest.mark.parametrize("challenge", [{}, {"WWW-Authenticate": "Negotiate"}, {"WWW-Authenticate": 'Bearer realm=""'}])
def test_a_registry_without_a_usable_challenge_gets_no_credentials(challenge: dict[str, str]) -> None:
    """The step ends with the registry's refusal."""
    head(status=401, headers=challenge)
    get(status=401, headers=challenge)
    assert "(401)" in str(refused())


MIRROR = "https://mirror.test/v2/x"
MIRRORED = RegistryAccess(ANN, deadline_seconds=0, redirect_hosts=("mirror.test",))


@responses.activate
def test_a_redirect_to_a_declared_host_is_followed_without_the_credentials() -> None:
    """They belong to the first registry only."""
    head(status=401, headers={"WWW-Authenticate": "Basic"})
    head(status=307, headers={"Location": MIRROR})
    responses.head(MIRROR, headers=HEADERS, content_type=MANIFESTS[0])
    assert DIGEST == asked(MIRRORED)
    assert ANN.basic == responses.calls[1].request.headers["Authorization"]
    assert "Authorization" not in responses.calls[2].request.headers


@responses.activate
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_registrys_host_is_followed_with_the_credentials(status: int) -> None:
    """Some registries rewrite names; the address may be relative."""
    head(status=401, headers={"WWW-Authenticate": "Basic"})
    head(status=status, headers={"Location": "/v2/proxied/shop/manifests/v2"})
    responses.head("https://registry.test/v2/proxied/shop/manifests/v2", headers=HEADERS, content_type=MANIFESTS[0])
    assert DIGEST == asked(RegistryAccess(ANN, deadline_seconds=0))
    assert ANN.basic == responses.calls[2].request.headers["Authorization"]


@responses.activate
@pytest.mark.parametrize("via", ["", "/v2/first", "https://mirror.test/v2/first"])
@pytest.mark.parametrize(
    ("location", "part"),
    [
        ("http://mirror.test/v2/x", "plain http"),
        ("http://registry.test/v2/x", "plain http"),
        ("https://evil.test/v2/x", "--registry-redirect-hosts"),
        ("https://registry.test.evil.test/v2/x", "--registry-redirect-hosts"),
        ("https://registry.test:8443/v2/x", "--registry-redirect-hosts"),
        ("https://registry.test@evil.test/v2/x", "--registry-redirect-hosts"),
        ("https://evil.test\\@registry.test/v2/x", "--registry-redirect-hosts"),
        ("//evil.test/v2/x", "--registry-redirect-hosts"),
        ("file:///etc/passwd", "--registry-redirect-hosts"),
        ("https://[::1/", "--registry-redirect-hosts"),
        (URL, "more than 3 times"),
    ],
)
def test_a_redirect_elsewhere_is_refused(location: str, part: str, via: str) -> None:
    """The server there could choose the image; the first redirect is checked, and each after it."""
    if via:
        head(status=307, headers={"Location": via})
        first = via if via.startswith("https:") else f"https://registry.test{via}"
        responses.head(first, status=307, headers={"Location": location})
    head(status=307, headers={"Location": location})
    error = refused(MIRRORED)
    assert isinstance(error, PermanentError)
    assert part in str(error)
    assert {"registry.test", "mirror.test"} >= {str(call.request.url).split("/")[2] for call in responses.calls}


@responses.activate
@pytest.mark.parametrize("access", [RegistryAccess(ANN, deadline_seconds=0), None])
def test_nobody_but_its_own_token_service_gets_a_registrys_credentials(access: RegistryAccess | None) -> None:
    """Nor is another host asked for a token anonymously: its answer would reach the registry."""
    realm = "https://evil.test/token"
    head(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})
    error = refused(access)
    assert isinstance(error, PermanentError)
    assert f"names the token service '{realm}', which is not on its own host" in str(error)
    assert "--registry-auth-hosts" in str(error)
    assert 1 == len(responses.calls)


@responses.activate
def test_a_declared_token_service_gets_the_credentials() -> None:
    """A company's own login is often on a host of its own."""
    realm = "https://login.test:8443/token"
    head(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})
    responses.get(realm, json={"token": "t0ken"}, match=[matchers.header_matcher({"Authorization": ANN.basic})])
    head(headers=HEADERS)
    assert DIGEST == asked(RegistryAccess(ANN, deadline_seconds=0, auth_hosts=("login.test:8443",)))


@responses.activate
def test_plain_http_is_used_if_the_settings_ask_for_it() -> None:
    """For the registry and the token service."""
    plain = URL.replace("https", "http")
    realm = TOKENS.replace("https", "http")
    responses.head(plain, status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})
    responses.get(realm, json={"token": "t0ken"})
    responses.head(plain, headers=HEADERS, content_type=MANIFESTS[0])
    assert DIGEST == asked(RegistryAccess(plain_http=True, deadline_seconds=0))
