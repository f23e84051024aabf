"""Sends one probe to one endpoint, within its timeout, and says what was wrong."""

import ssl
import warnings
from pathlib import Path
from typing import Any, Final

import requests

from steps.http_client.client import HttpClient
from steps.http_client.limits import AnswerTooLargeError, Limits
from steps.http_client.transport import BoundedAdapter
from steps.probing.probe import Endpoint, Probe, Tls
from steps.probing.response_check import find_mismatch

_MAX_BYTES: Final = 1 << 20
UNREACHABLE: Final = "the connection was refused or closed"
"""Also the answer of a pod behind STRICT mTLS to a plain request."""


def send(probe: Probe, endpoint: Endpoint) -> str:
    """Send a probe and return why it failed, in a few words, or ""; network faults never raise.

    It takes at most `timeout_seconds`, whatever the server does; at most 1 MiB is read.
    """
    try:
        headers = {**probe.headers, **endpoint.headers}
        headers |= {name: Path(path).read_text(encoding="utf-8").strip() for name, path in probe.header_files.items()}
        url = endpoint.url(probe)
        broken = _broken_tls_file(probe.tls) if url.startswith("https:") else ""
        return broken or _sent(probe, url, headers)
    except (AnswerTooLargeError, requests.RequestException) as error:
        return _why(error, probe)
    except UnicodeDecodeError:
        return "a file with a header's value is not text"
    except OSError as error:
        return f"{error.filename or 'a file'} cannot be read"


def _why(error: Exception, probe: Probe) -> str:
    match error:
        case AnswerTooLargeError():
            return "headers without an end"
        case requests.exceptions.SSLError():
            return "the certificate is not trusted here, or ours was refused"
        case requests.Timeout():
            return f"no answer within {probe.timeout_seconds:g} s"
        case requests.ConnectionError():
            return UNREACHABLE
        case _:
            return f"no valid answer ({type(error).__name__})"


def _sent(probe: Probe, url: str, headers: dict[str, str]) -> str:
    client = _client(probe.tls)
    limits = Limits(probe.timeout_seconds, _MAX_BYTES, cuts=True, connect_seconds=probe.timeout_seconds)
    try:
        answer = client.send(probe.method, url, limits, headers=headers, data=probe.body.encode() or None)
    finally:
        client.close()
    return find_mismatch(probe, answer.status, answer.content, answer.seconds)


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


def _client(tls: Tls) -> HttpClient:
    """Return a client with these certificates."""
    client = HttpClient(BoundedAdapter(**_server_name(tls)))
    session = client.session
    session.trust_env = False  # a proxy of the environment does not lead to pods
    session.verify = tls.ca_file or tls.verify if tls.verify else False
    if not tls.verify:
        # The user asked for it: a warning on stderr at every request would only hide other lines.
        warnings.filterwarnings("ignore", message="Unverified HTTPS request")
    if tls.cert_file and tls.key_file:
        session.cert = (tls.cert_file, tls.key_file)
    return client


def _server_name(tls: Tls) -> dict[str, Any]:
    """Return the options that send and check a server name other than the address."""
    if not tls.server_name:
        return {}
    return {"server_hostname": tls.server_name, **({"assert_hostname": tls.server_name} if tls.verify else {})}
