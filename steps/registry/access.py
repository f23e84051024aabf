"""How a registry is reached: scheme, certificates, patience; and the headers that let us in."""

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
    """How a registry is reached.

    Attributes:
        credentials: None = anonymous.
        plain_http: talk http to the registry; its token service may then do so, too.
        ca_file: certificates to trust instead of the system's.
        timeout_seconds: limit of one request (> 0).
        deadline_seconds: how long temporary faults are borne (>= 0).
    """

    credentials: Credentials | None = None
    plain_http: bool = False
    ca_file: Path | None = None
    timeout_seconds: float = 10.0
    deadline_seconds: float = 60.0

    @property
    def scheme(self) -> str:
        """`https`, or `http` where that was asked for."""
        return "http" if self.plain_http else "https"

    @property
    def verify(self) -> str | None:
        """What goes with each request: on the session alone it would yield to REQUESTS_CA_BUNDLE."""
        return str(self.ca_file) if self.ca_file else None

    @property
    def who(self) -> str:
        """Whom a registry sees, for messages."""
        if self.credentials is None:
            return "nobody in particular (there are no credentials for it: set --registry-config)"
        return f"user {self.credentials.username!r}" if self.credentials.username else "the account of the token"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a registry asks for with 401.

    Attributes:
        realm: URL of the token service; "" = basic authentication is wanted.
        service: name of the registry there. scope: what the token is to allow.
    """

    realm: str
    service: str = ""
    scope: str = ""


def parse_challenge(header: str, scope: str) -> Challenge | None:
    """Read a WWW-Authenticate header; a token is preferred to sending a password each time.

    Args:
        header: its value.
        scope: what to ask for where the registry does not say.
    """
    if bearer := _BEARER.search(header):
        said: dict[str, str | None] = parse_dict_header(bearer.group(1))  # type: ignore[no-untyped-call]
        return Challenge(said.get("realm") or "", said.get("service") or "", said.get("scope") or scope)
    return Challenge("") if _BASIC.search(header) else None


class AuthorizationHeader(AuthBase):
    """Puts one Authorization header on a request, or none; also keeps requests from looking into ~/.netrc."""

    def __init__(self, value: str = "") -> None:
        self._value = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header."""
        if self._value:
            request.headers["Authorization"] = self._value
        return request
