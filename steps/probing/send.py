"""Sends one probe to one endpoint, within its time, and says what was wrong."""

import time
from pathlib import Path
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from steps.probing.answer import complaint
from steps.probing.probe import Endpoint, Probe

_MOST_BYTES: Final = 1 << 20
_CHUNK: Final = 1 << 14
UNREACHABLE: Final = "the connection was refused or closed"
"""What a pod behind STRICT mTLS does to a plain request, too."""


class _ServerName(HTTPAdapter):
    """Asks for, and checks, a name other than the address."""

    def __init__(self, name: str, *, verify: bool) -> None:
        self._pool: dict[str, Any] = {"server_hostname": name, **({"assert_hostname": name} if verify else {})}
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:  # noqa: FBT001, FBT002 - as requests calls it
        super().init_poolmanager(connections, maxsize, block, **options, **self._pool)


def send(probe: Probe, endpoint: Endpoint) -> str:
    """Send a probe; returns why it failed, in a few words, or "". Never raises for what the network does.

    The whole takes at most `timeout_seconds` and one more wait for a byte; at most 1 MiB is read.
    """
    try:
        headers = {**probe.headers, **endpoint.headers}
        headers |= {name: Path(path).read_text(encoding="utf-8").strip() for name, path in probe.header_files.items()}
        with requests.Session() as session:
            _secure(session, probe)
            return _sent(session, probe, endpoint.url(probe), headers)
    except requests.exceptions.SSLError:
        return "the certificate is not trusted here, or ours was refused"
    except requests.Timeout:
        return f"no answer within {probe.timeout_seconds:g} s"
    except requests.ConnectionError:
        return UNREACHABLE
    except requests.RequestException as error:
        return f"no proper answer ({type(error).__name__})"
    except OSError as error:
        return f"{error.filename or 'a file'} cannot be read"


def _sent(session: requests.Session, probe: Probe, url: str, headers: dict[str, str]) -> str:
    began = time.monotonic()
    with session.request(
        probe.method, url, headers=headers, data=probe.body.encode() or None,
        timeout=probe.timeout_seconds, allow_redirects=False, stream=True,
    ) as response:  # fmt: skip
        body = b""
        for part in response.iter_content(_CHUNK):
            body += part
            if time.monotonic() - began > probe.timeout_seconds:
                raise requests.Timeout
            if len(body) >= _MOST_BYTES:
                break
        return complaint(probe, response.status_code, body, time.monotonic() - began)


def _secure(session: requests.Session, probe: Probe) -> None:
    session.trust_env = False  # a proxy of the environment does not lead to pods
    tls = probe.tls
    session.verify = tls.ca_file or tls.verify if tls.verify else False
    if tls.cert_file and tls.key_file:
        session.cert = (tls.cert_file, tls.key_file)
    if tls.server_name:
        session.mount("https://", _ServerName(tls.server_name, verify=tls.verify))
