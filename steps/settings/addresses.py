"""Addresses that a step listens on."""

import ipaddress
from typing import Annotated, Final

from pydantic import AfterValidator

_PORTS: Final = 65535


def host_and_port(value: str) -> tuple[str, int]:
    """Return the parts of `127.0.0.1:8080` or `[::]:8080`.

    Raises:
        ValueError: it is not an IP address with a port.
    """
    host, colon, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and port.isascii() and port.isdigit() and int(port) <= _PORTS):
        raise ValueError(f"must be an IP address and a port of at most {_PORTS}, as 127.0.0.1:8080 or [::]:8080")
    try:
        return str(ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)), int(port)
    except ValueError as error:
        raise ValueError(f"must begin with an IP address or localhost, not {host!r}") from error


def _listen(value: str) -> str:
    host_and_port(value)
    return value


ListenAddress = Annotated[str, AfterValidator(_listen)]
"""An IP address and a port."""
