"""Which hosts may speak for a registry: get its credentials, or answer in its place.

A registry names its token service itself, and may redirect. Anyone who can change one of its answers could
collect passwords that way, or answer with the digest of another image. So only hosts that belong to the registry are
believed.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

_PORTS: Final = {"https": 443, "http": 80}
_PLAIN_URL: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-~]*)?(\?[!-~]*)?", re.IGNORECASE)
"""No user info, no backslash before the path, no blanks: parsers of URLs disagree about those."""

_TOKEN_SERVICES: Final = (
    ("registry-1.docker.io", ("auth.docker.io",)),
    ("registry.gitlab.com", ("gitlab.com",)),
    ("docker.elastic.co", ("docker-auth.elastic.co",)),
    ("registry.digitalocean.com", ("api.digitalocean.com",)),
    ("registry.*.aliyuncs.com", ("dockerauth.cn-*.aliyuncs.com",)),
    ("*.*.cr.aliyuncs.com", ("dockerauth.cn-*.aliyuncs.com",)),
    ("*.*.personal.cr.aliyuncs.com", ("dockerauth.cn-*.aliyuncs.com",)),
)
"""Token services of public registries on another host: patterns of the registry, and of the service.

GHCR, Quay, Google, Azure, Harbor, Artifactory and others have theirs on their own host; ECR wants a password.
"""

_REDIRECTS: Final = (("registry.k8s.io", ("*.pkg.dev",)),)
"""Public registries whose manifests are on another host."""


def may_get_credentials(url: str, registry: str, allowed: Iterable[str], *, plain_http: bool = False) -> bool:
    """Return whether a token service belongs to a registry.

    Args:
        url: of the service, as the registry names it.
        registry: its host, perhaps with a port.
        allowed: more hosts, perhaps with ports; * stands for one label.
        plain_http: whether the service may use http, as the registry does.
    """
    found = _parsed(url, plain_http=plain_http)
    return found is not None and (
        _is_own(found, registry)
        or _is_gitlabs(found, registry)
        or _is_listed(found, registry, _TOKEN_SERVICES, allowed)
    )


def may_answer(url: str, registry: str, allowed: Iterable[str], *, plain_http: bool = False) -> bool:
    """Return whether a registry's redirect may be followed; the arguments are those of `may_get_credentials`."""
    found = _parsed(url, plain_http=plain_http)
    return found is not None and (_is_own(found, registry) or _is_listed(found, registry, _REDIRECTS, allowed))


def is_same_server(url: str, other: str) -> bool:
    """Return whether two URLs lead to one scheme, host and port: only then credentials stay on a request."""
    one, two = parse_url(url), parse_url(other)
    return (one.scheme, _host(one), _port(one)) == (two.scheme, _host(two), _port(two))


def _parsed(url: str, *, plain_http: bool) -> Url | None:
    """Return a URL as the client of HTTP will read it, None if it must not be asked."""
    try:
        found = parse_url(url) if _PLAIN_URL.fullmatch(url) else None
    except LocationParseError:
        return None
    if found is None or not found.host or found.scheme not in ("https", "http"):
        return None
    return found if found.scheme == "https" or plain_http else None


def _is_own(found: Url, registry: str) -> bool:
    """Return whether it is the registry's own host, on its port or that of https."""
    own = parse_url(f"{found.scheme}://{registry}")
    return _host(found) == _host(own) and _port(found) in {_port(own), _PORTS["https"]}


def _is_gitlabs(found: Url, registry: str) -> bool:
    """Return whether it is the GitLab beside its registry: registry.example.com and gitlab.example.com."""
    name, _, domain = _host(parse_url(f"https://{registry}")).partition(".")
    is_pair = name == "registry" and "." in domain and _host(found) == f"gitlab.{domain}"
    return is_pair and found.path == "/jwt/auth" and _port(found) == _PORTS["https"]


def _is_listed(
    found: Url, registry: str, built_in: Iterable[tuple[str, tuple[str, ...]]], allowed: Iterable[str]
) -> bool:
    known = [one for pattern, hosts in built_in if _matches(pattern, registry) for one in hosts]
    port = "" if _port(found) == _PORTS[str(found.scheme)] else f":{_port(found)}"
    return any(_matches(one, f"{_host(found)}{port}") for one in (*known, *allowed))


def _matches(pattern: str, host: str) -> bool:
    """Compare label by label, so that * stands for a part of one label, or a whole one."""
    labels, others = pattern.lower().split("."), host.lower().split(".")
    return len(labels) == len(others) and all(map(fnmatchcase, others, labels))


def _host(url: Url) -> str:
    return (url.host or "").lower().rstrip(".")


def _port(url: Url) -> int:
    return url.port or _PORTS.get(url.scheme or "", 0)
