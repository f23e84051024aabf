"""Probes against real servers on loopback: certificates, names, client certificates, bodies of every kind."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from steps.probing.probe import Probe, Tls
from steps.probing.send import UNREACHABLE, send
from tests.support.local_servers import NAME, Answer, LocalServer, Pki, body, server_context

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificates, is not on PATH"),
]
UNTRUSTED = "the certificate is not trusted here, or ours was refused"


def chunked(parts: Iterator[bytes]) -> Answer:
    """Answer in chunks, as long as there are some."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for part in parts:
            handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    return answer


def secured(**tls: Any) -> Probe:
    """Return a probe over TLS."""
    return Probe("p", scheme="https", contains="ok", tls=Tls(**tls))


def test_a_pods_certificate_is_checked_by_the_name_it_was_made_for(pki: Pki, serve: Callable[..., LocalServer]) -> None:
    """The pod is reached by address, asked for and checked by `server-name`."""
    pod = serve(body(b"ok"), server_context(pki))
    ours = pki.crt("ours")

    assert "" == send(secured(ca_file=ours, server_name=NAME), pod.endpoint)
    assert NAME in pod.asked_for
    assert UNTRUSTED == send(secured(ca_file=ours), pod.endpoint)
    assert UNTRUSTED == send(secured(ca_file=ours, server_name="till.example"), pod.endpoint)
    assert UNTRUSTED == send(secured(ca_file=pki.crt("another"), server_name=NAME), pod.endpoint)
    assert UNTRUSTED == send(secured(server_name=NAME), pod.endpoint)


def test_verify_false_takes_any_certificate_and_still_asks_by_name(pki: Pki, serve: Callable[..., LocalServer]) -> None:
    """For pods with certificates of their own making."""
    pod = serve(body(b"ok"), server_context(pki))

    assert "" == send(secured(verify=False), pod.endpoint)
    assert "" == send(secured(verify=False, server_name="till.example"), pod.endpoint)
    assert "till.example" in pod.asked_for
    assert "" == send(secured(verify=False, ca_file=pki.crt("another")), pod.endpoint)


def test_a_pod_that_wants_a_client_certificate_gets_it(pki: Pki, serve: Callable[..., LocalServer]) -> None:
    """Without one it refuses."""
    pod = serve(body(b"ok"), server_context(pki, clients=True))
    trust = {"ca_file": pki.crt("ours"), "server_name": NAME}
    with_ours = secured(**trust, cert_file=pki.crt("client"), key_file=pki.key("client"))

    assert "" == send(with_ours, pod.endpoint)
    assert send(secured(**trust), pod.endpoint) in {UNTRUSTED, UNREACHABLE}


def test_a_certificate_file_that_is_missing_or_broken_is_named(
    pki: Pki, serve: Callable[..., LocalServer], tmp_path: Path
) -> None:
    """Not taken for the pod's fault."""
    pod = serve(body(b"ok"), server_context(pki))
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing\n")
    missing = str(tmp_path / "none.pem")

    assert f"{missing} cannot be read" == send(secured(ca_file=missing), pod.endpoint)
    assert f"{missing} cannot be read" == send(secured(verify=False, cert_file=missing, key_file=missing), pod.endpoint)
    assert f"{broken} contains no PEM certificate" == send(secured(ca_file=str(broken)), pod.endpoint)
    mixed = secured(verify=False, cert_file=pki.crt("client"), key_file=pki.key("server"))
    assert "are not a matching PEM certificate and key" in send(mixed, pod.endpoint)


def test_a_plain_probe_of_a_tls_port_is_told(pki: Pki, serve: Callable[..., LocalServer]) -> None:
    """As a pod behind STRICT mTLS answers it."""
    pod = serve(body(b"ok"), server_context(pki))

    assert UNREACHABLE == send(Probe("p"), pod.endpoint)


def test_a_chunked_body_is_read_whole(serve: Callable[..., LocalServer]) -> None:
    """What it must hold may lie across two chunks."""
    pod = serve(chunked(iter([b"<p>in st", b"ock</p>"])))

    assert "" == send(Probe("p", contains="in stock", min_body_bytes=15), pod.endpoint)
    short = serve(chunked(iter([b"x"]))).endpoint
    assert "the body does not contain 'sold out'" == send(Probe("p", contains="sold out"), short)


def test_of_a_huge_body_one_mebibyte_is_read(serve: Callable[..., LocalServer]) -> None:
    """An endless answer ends the probe neither late nor out of memory; what lies beyond is not found."""
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(1 << 16)
            yield b"x" * (1 << 16)

    began = time.monotonic()
    found = send(Probe("p", min_body_bytes=1_000_000, timeout_seconds=20), serve(chunked(endless())).endpoint)
    big = serve(body(b"x" * (1 << 20) + b"end")).endpoint

    assert ("", True) == (found, time.monotonic() - began < 10)
    assert sum(sent) < 64 << 20
    assert "the body does not contain 'end'" == send(Probe("p", contains="end"), big)


def test_a_body_that_comes_slowly_is_no_answer(serve: Callable[..., LocalServer]) -> None:
    """Headers at once, then a byte now and then."""
    stop = threading.Event()

    def drips() -> Iterator[bytes]:
        while not stop.wait(0.05):
            yield b"x"

    began = time.monotonic()
    found = send(Probe("p", timeout_seconds=0.4), serve(chunked(drips())).endpoint)
    stop.set()

    assert ("no answer within 0.4 s", True) == (found, time.monotonic() - began < 3)


def test_the_value_at_a_json_pointer_is_compared(serve: Callable[..., LocalServer]) -> None:
    """Nested, escaped, in a list, a boolean; a compressed or truncated body is reported as such."""
    document = {"checks": [{"state": "up"}], "a/b": {"~": True}, "n": 1}
    pod = serve(body(json.dumps(document).encode())).endpoint
    for pointer, value in (("/checks/0/state", "up"), ("/a~1b/~0", True), ("", document), ("/n", 1)):
        assert "" == send(Probe("p", pointer=pointer, value=value), pod)
    assert "'1' at /n instead of 'true'" == send(Probe("p", pointer="/n", value=True), pod)
    assert "the body has nothing at /checks/7/state" == send(Probe("p", pointer="/checks/7/state", value="up"), pod)
    assert "the body is not JSON" == send(Probe("p", pointer="", value=1), serve(body(b"<html>")).endpoint)


def test_a_redirect_is_an_answer_of_its_own(serve: Callable[..., LocalServer]) -> None:
    """It can be asked for; it is never followed."""
    visited: list[str] = []

    def login(handler: http.server.BaseHTTPRequestHandler) -> None:
        visited.append(handler.path)
        body(b"", 302, Location="/login")(handler)

    pod = serve(login).endpoint
    assert "status 302 instead of 200" == send(Probe("p", "/account"), pod)
    assert "" == send(Probe("p", "/account", statuses=(302, 303)), pod)
    assert ["/account", "/account"] == visited
