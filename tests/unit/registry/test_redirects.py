"""A registry may lead elsewhere: where its answers are followed, and with which credentials."""

import pytest
import responses

from steps.errors import PermanentError
from steps.registry.access import RegistryAccess
from steps.registry.registry import MANIFESTS
from tests.support.registry_api import ANN, DIGEST, HEADERS, URL, asked, head, refused

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
