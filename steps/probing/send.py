"""Sends one probe to one endpoint, within its timeout, and says what was wrong."""

import ssl
import time
import warnings
from pathlib import Path
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from steps.probing.probe import Endpoint, Probe, Tls
from steps.probing.response_check import find_mismatch

_MAX_BYTES: Final = 1 << 20
_CHUNK: Final = 1 << 14
UNREACHABLE: Final = "the connection was refused or closed"
"""Also the answer of a pod behind STRICT mTLS to a plain request."""


class _ServerName(HTTPAdapter):
    """Sends and checks a server name other than the address."""

    def __init__(self, name: str, *, verify: bool) -> None:
        self._pool: dict[str, Any] = {"server_hostname": name, **({"assert_hostname": name} if verify else {})}
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:  # noqa: FBT001, FBT002 - as requests calls it
        super().init_poolmanager(connections, maxsize, block, **options, **self._pool)


def send(probe: Probe, endpoint: Endpoint) -> str:
    """Send a probe and return why it failed, in a few words, or ""; network faults never raise.

    It takes at most `timeout_seconds` and one more wait for a byte; at most 1 MiB is read.
    """
    try:
        headers = {**probe.headers, **endpoint.headers}
        headers |= {name: Path(path).read_text(encoding="utf-8").strip() for name, path in probe.header_files.items()}
        url = endpoint.url(probe)
        broken = _broken_tls_file(probe.tls) if url.startswith("https:") else ""
        with requests.Session() as session:
            _configure_tls(session, probe)
            return broken or _sent(session, probe, url, headers)
    except requests.exceptions.SSLError:
        return "the certificate is not trusted here, or ours was refused"
    except requests.Timeout:
        return f"no answer within {probe.timeout_seconds:g} s"
    except requests.ConnectionError:
        return UNREACHABLE
    except requests.RequestException as error:
        return f"no valid answer ({type(error).__name__})"
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
            if len(body) >= _MAX_BYTES:
                break
        return find_mismatch(probe, response.status_code, body, time.monotonic() - began)


def _broken_tls_file(tls: Tls) -> str:
    """Return which of our own files is broken, so that the pod is not blamed for it; a missing one raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for path in filter(None, (tls.ca_file if tls.verify else "", tls.cert_file, tls.key_file)):
        Path(path).read_bytes()
    try:
        if tls.verify and tls.ca_file:
            context.load_verify_locations(tls.ca_file)
    except ssl.SSLError:
        return f"{tls.ca_file} contains no PEM certificate"
    try:
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except ssl.SSLError:
        return f"{tls.cert_file} and {tls.key_file} are not a matching PEM certificate and key"
    return ""


def _configure_tls(session: requests.Session, probe: Probe) -> None:
    session.trust_env = False  # a proxy of the environment does not lead to pods
    tls = probe.tls
    session.verify = tls.ca_file or tls.verify if tls.verify else False
    if not tls.verify:
        # The user asked for it: a warning on stderr at every request would only hide other lines.
        warnings.filterwarnings("ignore", message="Unverified HTTPS request")
    if tls.cert_file and tls.key_file:
        session.cert = (tls.cert_file, tls.key_file)
    if tls.server_name:
        session.mount("https://", _ServerName(tls.server_name, verify=tls.verify))
