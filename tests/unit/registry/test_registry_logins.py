"""Passwords and tokens go to the registry and its own token service, and to nobody else."""

from typing import Any

import pytest
import requests
import responses
from responses import matchers

from steps.errors import PermanentError, StepError, TemporaryError
from steps.registry.access import RegistryAccess
from steps.registry.credentials import Credentials
from tests.support.registry_api import ANN, BEARER, DIGEST, HEADERS, TOKENS, asked, get, head, refused


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
