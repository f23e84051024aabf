"""How to reach Prometheus: address, credentials from files, certificates, patience."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase


@dataclass(frozen=True, slots=True)
class Access:
    """Address and credentials of a Prometheus-compatible API (Prometheus, Thanos, Mimir, VictoriaMetrics).

    Secrets are read from their files at each request, so that a rotated token is used at once.

    Attributes:
        url: base address, with its path: "http://prometheus.istio-system:9090", "https://mimir/prometheus".
        timeout_seconds: how long one request may take.
        token_file: bearer token.
        username: for basic authentication, with `password_file`.
        headers: sent unchanged, such as {"X-Scope-OrgID": "team"}; their values are never logged.
        ca_file: certificates to trust instead of the system's.
        client_cert, client_key: for mutual TLS; both or none.
    """

    url: str
    timeout_seconds: float = 10.0
    token_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None

    @property
    def endpoint(self) -> str:
        """The address without credentials and trailing slash: safe to log; requests go to it."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


class FileAuth(AuthBase):
    """Add the credentials of `access` to each request; also keeps the library from reading ~/.netrc."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header.

        Raises:
            OSError: a file with a secret cannot be read.
        """
        access, parts = self._access, urlsplit(self._access.url)
        if access.token_file:
            request.headers["Authorization"] = f"Bearer {_secret(access.token_file)}"
        elif access.username is not None:
            password = _secret(access.password_file) if access.password_file else ""
            request.headers["Authorization"] = _basic(access.username, password)
        elif parts.username is not None:
            request.headers["Authorization"] = _basic(unquote(parts.username), unquote(parts.password or ""))
        return request


def _secret(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
