"""Probes over real sockets: every fault of a server is reported in a few words, within the timeout."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from steps.probing.probe import Endpoint, Probe
from steps.probing.send import UNREACHABLE, send

Serve = Callable[[Callable[[socket.socket], None]], Endpoint]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves one connection on loopback with a given conversation."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def started(talk: Callable[[socket.socket], None]) -> Endpoint:
        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    talk(connection)
                except OSError:
                    return

        threads.append(threading.Thread(target=answer, daemon=True))
        threads[-1].start()
        return Endpoint("pod", "127.0.0.1", listening.getsockname()[1])

    yield started
    listening.close()
    for thread in threads:
        thread.join(3)


def test_a_good_response_passes_and_headers_arrive(serve: Serve, tmp_path: Path) -> None:
    """The headers of the probe, of its files and of the endpoint."""
    heard: list[bytes] = []
    (tmp_path / "token").write_text("Bearer t\n")

    def talk(connection: socket.socket) -> None:
        heard.append(connection.recv(9999))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    endpoint = serve(talk)
    probe = Probe("p", "/a?b=c", headers={"Host": "shop"}, header_files={"Authorization": str(tmp_path / "token")},
                  contains="ok")  # fmt: skip
    assert "" == send(probe, replace(endpoint, headers={"x-canary": "1"}))
    for line in (b"GET /a?b=c HTTP/1.1", b"Host: shop", b"Authorization: Bearer t", b"x-canary: 1"):
        assert line in heard[0]


def test_redirects_are_not_followed(serve: Serve) -> None:
    """A login page is not a good response."""
    endpoint = serve(lambda one: one.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n"))

    assert "status 302 instead of 200" == send(Probe("p"), endpoint)


def test_a_closed_connection_is_reported(serve: Serve) -> None:
    """STRICT mTLS closes it this way."""
    assert UNREACHABLE == send(Probe("p"), serve(lambda _: None))


def test_a_closed_port_is_reported() -> None:
    """Nobody listens there."""
    assert UNREACHABLE == send(Probe("p"), Endpoint("pod", "127.0.0.1", 1))


@pytest.mark.parametrize("drip", [False, True])
def test_a_slow_server_takes_at_most_the_timeout(serve: Serve, drip: bool) -> None:  # noqa: FBT001
    """It is silent, or sends a byte now and then forever."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
        for _ in range(20):
            time.sleep(0.1)
            if drip:
                connection.sendall(b"x" * (1 << 14))

    endpoint = serve(talk)
    began = time.monotonic()
    said = send(Probe("p", timeout_seconds=0.3), endpoint)

    assert time.monotonic() - began < 1.0
    assert said in {"no answer within 0.3 s", UNREACHABLE}


def test_plain_text_to_a_tls_probe_is_reported(serve: Serve) -> None:
    """The message points at the certificate."""
    endpoint = serve(lambda one: one.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"))

    assert "the certificate is not trusted here, or ours was refused" == send(Probe("p", scheme="https"), endpoint)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """Without its content."""
    probe = Probe("p", header_files={"A": str(tmp_path / "none")})

    assert f"{tmp_path / 'none'} cannot be read" == send(probe, Endpoint("pod", "127.0.0.1", 1))
