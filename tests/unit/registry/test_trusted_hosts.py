"""Which token services and redirects belong to a registry: the real ones do, look-alikes do not."""

import pytest

from steps.registry.reference import parse
from steps.registry.trusted_hosts import may_answer, may_get_credentials

DIGITALOCEAN = "https://api.digitalocean.com/v2/registry/auth"
ALIYUN = "https://dockerauth.cn-hangzhou.aliyuncs.com/auth"


@pytest.mark.parametrize(
    ("image", "realm"),
    [
        ("shop", "https://auth.docker.io/token"),
        ("docker.io/team/shop", "https://auth.docker.io/token"),
        ("ghcr.io/team/shop", "https://ghcr.io/token"),
        ("quay.io/team/shop", "https://quay.io/v2/auth"),
        ("gcr.io/team/shop", "https://gcr.io/v2/token"),
        ("eu.gcr.io/team/shop", "https://eu.gcr.io/v2/token"),
        ("europe-west1-docker.pkg.dev/team/shop/app", "https://europe-west1-docker.pkg.dev/v2/token"),
        ("team.azurecr.io/shop", "https://team.azurecr.io/oauth2/token"),
        ("public.ecr.aws/team/shop", "https://public.ecr.aws/token/"),
        ("mcr.microsoft.com/shop", "https://mcr.microsoft.com/oauth2/token"),
        ("nvcr.io/team/shop", "https://nvcr.io/proxy_auth"),
        ("harbor.example.com/team/shop", "https://harbor.example.com/service/token"),
        ("team.jfrog.io/docker/shop", "https://team.jfrog.io/v2/token"),
        ("registry.gitlab.com/team/shop", "https://gitlab.com/jwt/auth"),
        ("registry.example.com/team/shop", "https://gitlab.example.com/jwt/auth"),
        ("gitlab.example.com:5050/team/shop", "https://gitlab.example.com/jwt/auth"),
        ("registry.digitalocean.com/team/shop", DIGITALOCEAN),
        ("docker.elastic.co/team/shop", "https://docker-auth.elastic.co/auth"),
        ("registry.cn-hangzhou.aliyuncs.com/team/shop", ALIYUN),
        ("team-registry.cn-shanghai.cr.aliyuncs.com/team/shop", ALIYUN),
        ("crpi-x.cn-beijing.personal.cr.aliyuncs.com/team/shop", ALIYUN),
        ("[::1]:5000/shop", "https://[::1]:5000/token"),
        ("registry.example.com/team/shop", "HTTPS://Registry.Example.com/token"),
    ],
)
def test_the_token_services_of_common_registries_are_known(image: str, realm: str) -> None:
    """Nobody has to name them."""
    assert may_get_credentials(realm, parse(image).host, ())


@pytest.mark.parametrize(
    ("image", "realm"),
    [
        ("shop", "https://auth.docker.io.evil.test/token"),
        ("shop", "https://auth.docker.io:8443/token"),
        ("shop", "https://user@auth.docker.io/token"),
        ("shop", "https://evil.test\\@auth.docker.io/token"),
        ("shop", "https://evil.test/@auth.docker.io/token\\"),
        ("shop", "https://evil.test#@auth.docker.io/"),
        ("shop", "https://evil.test?@auth.docker.io/"),
        ("shop", " https://auth.docker.io/token"),
        ("shop", "https://auth.docker.io\t/token"),
        ("shop", "https://auth。docker.io/token"),
        ("shop", "http://auth.docker.io/token"),
        ("shop", "ftp://auth.docker.io/token"),
        ("shop", "//auth.docker.io/token"),
        ("shop", "/token"),
        ("shop", ""),
        ("shop", "https:///token"),
        ("ghcr.io/team/shop", "https://auth.docker.io/token"),
        ("ghcr.io/team/shop", "https://gitlab.com/jwt/auth"),
        ("registry.example.com/shop", "https://auth.registry.example.com/token"),
        ("registry.example.com/shop", "https://example.com/token"),
        ("registry.example.com/shop", "https://login.example.com/token"),
        ("registry.example.com/shop", "https://gitlab.example.com/else"),
        ("registry.example.com/shop", "https://gitlab.example.com:8443/jwt/auth"),
        ("registry.com/shop", "https://gitlab.com/jwt/auth"),
        ("registry.example.com:5000/shop", "https://registry.example.com:6000/token"),
        ("registry.cn-hangzhou.aliyuncs.com/shop", "https://dockerauth.oss-cn-hangzhou.aliyuncs.com/auth"),
        ("registry.cn-hangzhou.aliyuncs.com/shop", "https://evil.cn-hangzhou.aliyuncs.com/auth"),
        ("mirror.cn-hangzhou.aliyuncs.com/shop", ALIYUN),
    ],
)  # fmt: skip
def test_a_look_alike_gets_nothing(image: str, realm: str) -> None:
    """However parsers of URLs may disagree about it."""
    assert not may_get_credentials(realm, parse(image).host, ())


@pytest.mark.parametrize(
    ("allowed", "realm", "is_allowed"),
    [
        ("login.test", "https://login.test/token", True),
        ("login.test", "https://LOGIN.test:443/token", True),
        ("login.test", "https://login.test:8443/token", False),
        ("login.test:8443", "https://login.test:8443/token", True),
        ("*.login.test", "https://a.login.test/token", True),
        ("*.login.test", "https://a.b.login.test/token", False),
        ("*.login.test", "https://login.test/token", False),
    ],
)
def test_a_declared_host_is_compared_as_it_is_written(allowed: str, realm: str, is_allowed: bool) -> None:  # noqa: FBT001 - a parameter of a table
    """With its port; a star stands for one label."""
    assert is_allowed == may_get_credentials(realm, "registry.test", (allowed,))
    assert is_allowed == may_answer(realm, "registry.test", (allowed,))


def test_plain_http_is_for_those_who_asked_for_it() -> None:
    """And then for the registry's own host as well as for declared ones."""
    for url, allowed in (("http://lab:5000/token", ()), ("http://login.test/token", ("login.test",))):
        assert may_get_credentials(url, "lab:5000", allowed, plain_http=True)
        assert not may_get_credentials(url, "lab:5000", allowed)


def test_the_one_public_registry_that_redirects_manifests_is_known() -> None:
    """registry.k8s.io hands out those of Google's Artifact Registry; nobody else may."""
    url = "https://europe-west1-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/3.9"
    assert may_answer(url, "registry.k8s.io", ())
    assert not may_answer(url, "registry.test", ())
    assert not may_get_credentials(url, "registry.k8s.io", ())
