"""HTTP with a limit to everything: methods, sizes, times, connections."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from steps.board_server import http_server
from steps.board_server.http_server import BoardHttpServer
from steps.board_server.response import Response, plain

SECONDS = 0.5


def answer(target: str, headers: Mapping[str, str]) -> Response:
    """Answer with the target, a large body, or a defect."""
    if target == "/defect":
        raise KeyError("secret")
    if target == "/large":
        return plain(200, "x" * 20_000_000)
    return plain(200, f"{target} {headers.get('Accept', '')}")


@pytest.fixture
def server() -> Iterator[BoardHttpServer]:
    """Return a running server whose connections last half a second."""
    with BoardHttpServer(("127.0.0.1", 0), answer, SECONDS) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def raw(server: BoardHttpServer, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send bytes, and return all that comes back."""
    with socket.create_connection(("127.0.0.1", server.server_port), 10) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            found = b""
            while more := connection.recv(65536):
                found += more
        except ConnectionError:
            return b""
        return found


def test_get_and_head_are_answered_alike_but_for_the_body(server: BoardHttpServer) -> None:
    """One request a connection."""
    full = raw(server, b"GET /a?b HTTP/1.1\r\nHost: x\r\nAccept: y\r\n\r\n")
    head = raw(server, b"HEAD /a?b HTTP/1.1\r\nHost: x\r\nAccept: y\r\n\r\n")
    assert full.endswith(b"\r\n\r\n/a?b y\n")
    assert head.endswith(b"\r\n\r\n")
    for found in (full, head):
        assert found.startswith(b"HTTP/1.1 200 OK\r\nServer: canary-steps\r\n")
        assert b"Content-Length: 7\r\n" in found
        assert b"Connection: close\r\n" in found


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "FOO"])
def test_other_methods_are_refused(server: BoardHttpServer, method: str) -> None:
    """Nothing that is sent can change anything."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, "/", body=b"x=1" if method in {"POST", "PUT", "PATCH"} else None)
    found = connection.getresponse()
    assert (405, "GET, HEAD", "nosniff") == (
        found.status, found.headers["Allow"], found.headers["X-Content-Type-Options"],
    )  # fmt: skip
    connection.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 20000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 200 + b"\r\n", b"431"),
        (b"GET / HTTP/9.1\r\n\r\n", b"505"),
        (b"GET / FTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x00\xff\r\n\r\n", b"400"),
        (b"GET / a b c HTTP/1.1\r\n\r\n", b"400"),
    ],
)
def test_what_is_too_large_or_not_http_is_refused(server: BoardHttpServer, sent: bytes, status: bytes) -> None:
    """With the guards, and as plain text: a request line must not come back as HTML."""
    found = raw(server, sent)
    assert status in found.split(b"\r\n")[0]
    assert b"text/plain" in found
    assert b"default-src 'none'" in found


def test_a_defect_is_answered_and_logged_and_does_not_end_the_server(server: BoardHttpServer) -> None:
    """The answer says nothing about it."""
    with capture_logs() as logged:
        found = raw(server, b"GET /defect HTTP/1.1\r\n\r\n")
    assert b"500" in found.split(b"\r\n")[0]
    assert b"secret" not in found
    assert ["board.request_crashed"] == [line["event"] for line in logged]
    assert b"200 OK" in raw(server, b"GET / HTTP/1.1\r\n\r\n")


def test_a_client_that_sends_slowly_is_cut_off(server: BoardHttpServer) -> None:
    """The limit counts from the first byte: a byte now and then does not move it."""
    began = time.monotonic()
    assert b"" == raw(server, *[b"G"] * 100, pause=0.05)
    assert time.monotonic() - began < SECONDS + 2


def test_a_client_that_reads_slowly_is_cut_off(server: BoardHttpServer) -> None:
    """It gets a part of the answer, and its thread ends."""
    with socket.create_connection(("127.0.0.1", server.server_port), 10) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\n\r\n")
        deadline = time.monotonic() + 10
        while not any("process_request" in one.name for one in threading.enumerate()):
            assert time.monotonic() < deadline
        while any("process_request" in one.name for one in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def threads() -> list[threading.Thread]:
    """Return the threads that answer requests."""
    return [one for one in threading.enumerate() if "process_request" in one.name]


def test_many_idle_connections_do_not_keep_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are closed, and threads stay few."""
    monkeypatch.setattr(http_server, "MAX_CONNECTIONS", 8)
    with BoardHttpServer(("127.0.0.1", 0), answer, 30.0) as server, ExitStack() as opened:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        opened.callback(thread.join)
        opened.callback(server.shutdown)
        place = ("127.0.0.1", server.server_port)
        idle = [opened.enter_context(socket.create_connection(place, 10)) for _ in range(40)]
        began = time.monotonic()
        assert b"200 OK" in raw(server, b"GET / HTTP/1.1\r\n\r\n")
        assert time.monotonic() - began < 5
        assert b"" == idle[0].recv(1)
        # A thread whose connection was closed needs a moment to end.
        while time.monotonic() - began < 20 and len(threads()) > 9:
            time.sleep(0.05)
        assert len(threads()) <= 9


def test_it_listens_on_ipv6_too() -> None:
    """Pods may have no other address."""
    with BoardHttpServer(("::1", 0), answer) as server:
        assert socket.AF_INET6 == server.socket.family
