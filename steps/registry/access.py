"""Access to a registry: scheme, certificates, timeouts, and headers for authentication."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from requests import PreparedRequest
from requests.auth import AuthBase
from requests.utils import parse_dict_header

from steps.registry.credentials import Credentials

_BEARER: Final = re.compile(r"\bbearer\s+(.*)", re.IGNORECASE | re.DOTALL)
_BASIC: Final = re.compile(r"\bbasic\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """Access to a registry.

    Attributes:
        credentials: None = anonymous.
        plain_http: use http for the registry; then its token service may use http too.
        ca_file: certificates to trust instead of the system's.
        timeout_seconds: timeout of one request (> 0).
        deadline_seconds: how long temporary faults are retried (>= 0).
        auth_hosts: hosts of token services that get the credentials too; see `trusted_hosts.py`.
        redirect_hosts: hosts to which the registry may redirect.
    """

    credentials: Credentials | None = None
    plain_http: bool = False
    ca_file: Path | None = None
    timeout_seconds: float = 10.0
    deadline_seconds: float = 60.0
    auth_hosts: tuple[str, ...] = ()
    redirect_hosts: tuple[str, ...] = ()

    @property
    def scheme(self) -> str:
        """`https`, or `http` if the settings ask for it."""
        return "http" if self.plain_http else "https"

    @property
    def verify(self) -> str | None:
        """The `verify` of each request; on the session, REQUESTS_CA_BUNDLE would override it."""
        return str(self.ca_file) if self.ca_file else None

    @property
    def who(self) -> str:
        """The account that a registry sees, for messages."""
        if self.credentials is None:
            return "anonymous users (there are no credentials for it: set --registry-config)"
        return f"user {self.credentials.username!r}" if self.credentials.username else "the account of the token"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a registry asks for with 401.

    Attributes:
        realm: URL of the token service; "" = the registry wants basic authentication.
        service: name of the registry at the token service. scope: what the token must allow.
    """

    realm: str
    service: str = ""
    scope: str = ""


def parse_challenge(header: str, scope: str) -> Challenge | None:
    """Parse a WWW-Authenticate header; a token is preferred over sending a password each time.

    Args:
        header: its value.
        scope: what to ask for if the registry does not say.
    """
    if bearer := _BEARER.search(header):
        said: dict[str, str | None] = parse_dict_header(bearer.group(1))  # type: ignore[no-untyped-call]
        return Challenge(said.get("realm") or "", said.get("service") or "", said.get("scope") or scope)
    return Challenge("") if _BASIC.search(header) else None


class AuthorizationHeader(AuthBase):
    """Puts one Authorization header on a request, or none; also keeps `requests` from reading ~/.netrc."""

    def __init__(self, value: str = "") -> None:
        self._value = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header."""
        if self._value:
            request.headers["Authorization"] = self._value
        return request
