"""Whatever a server does, a request ends in time, in little memory, and with its socket closed."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc

import pytest
import requests

from steps.http_client.client import HttpClient
from steps.http_client.limits import Answer, AnswerTooLargeError, Limits
from tests.support.hostile_servers import BOMBS, DRIPPING, ENDLESS, Talk, serving

DECLARED = (requests.RequestException, AnswerTooLargeError)
"""All that a request may raise because of a server."""


def said(content: bytes) -> Talk:
    """Talk so once, then wait for the client to leave."""

    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(content)

    return talk


def asked(talk: Talk, limits: Limits) -> Answer:
    """Ask such a server."""
    with serving(talk) as server:
        return HttpClient().send("GET", server.url, limits)


@pytest.mark.parametrize("what", DRIPPING)
def test_a_dripping_server_is_left_at_the_deadline(what: str) -> None:
    """The deadline is for the whole exchange; the server sees that the socket was closed."""
    with serving(DRIPPING[what]) as server:
        began = time.monotonic()
        with pytest.raises(DECLARED):
            HttpClient().send("GET", server.url, Limits(0.2, 1 << 20))
        assert time.monotonic() - began < 1.0
        assert server.left.wait(2.0)


@pytest.mark.parametrize("what", ENDLESS)
def test_an_endless_server_is_left_at_the_size_limit(what: str) -> None:
    """Of the body, or of what comes through the socket; memory stays at a few times the limit."""
    tracemalloc.start()
    try:
        with serving(ENDLESS[what]) as server:
            with pytest.raises(DECLARED):
                HttpClient().send("GET", server.url, Limits(20.0, 1 << 18))
            assert server.left.wait(5.0)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("what", BOMBS)
def test_a_small_answer_that_unpacks_into_gigabytes_is_refused(what: str) -> None:
    """The limit is for the decompressed bytes."""
    talk = BOMBS[what]()
    tracemalloc.start()
    try:
        with pytest.raises(AnswerTooLargeError):
            asked(talk, Limits(20.0, 1 << 20))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_name_that_never_resolves_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket's timeout limits that; and what resolves later is not connected to."""
    go_on, resolve = threading.Event(), socket.getaddrinfo
    with serving(said(b"")) as server:

        def slow(_name: str, *arguments: object, **options: object) -> object:
            go_on.wait(5.0)
            return resolve("127.0.0.1", *arguments, **options)  # type: ignore[arg-type] # handed on

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(requests.ConnectTimeout):
            HttpClient().send("GET", f"http://slow.test:{server.port}", Limits(0.1, 1))
        go_on.set()
        assert server.left.wait(2.0)


def test_a_redirect_is_an_answer() -> None:
    """Endless ones, too: none is followed."""
    answer = asked(said(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), Limits(5.0, 9))
    assert (302, "/") == (answer.status, answer.headers["location"])


def test_the_body_of_a_redirect_has_the_same_limit() -> None:
    """The library would read it whole, unpacked, only to use the connection again."""
    bomb = gzip.compress(b" " * (64 << 20), 1)
    head = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(AnswerTooLargeError):
            asked(said(head + bomb), Limits(20.0, 1 << 20))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "rest", [b"Content-Length: 99\r\n\r\nslow", b"\r\n" + b"x" * 99, b"Content-Encoding: gzip\r\n\r\nx"]
)
def test_a_refusal_without_a_whole_body_is_still_a_refusal(rest: bytes) -> None:
    """Its status says enough; a success without a whole body is none."""
    answer = asked(said(b"HTTP/1.1 403 Forbidden\r\n" + rest), Limits(0.2, 9))
    assert (403, b"") == (answer.status, answer.content)
    with pytest.raises(DECLARED):
        asked(said(b"HTTP/1.1 200 OK\r\n" + rest), Limits(0.2, 9))


def test_a_body_may_be_cut_off_instead() -> None:
    """Where its beginning is enough."""
    assert b"abc" == asked(said(b"HTTP/1.1 200 OK\r\n\r\nabcdef"), Limits(5.0, 3, cuts=True)).content


def test_a_body_may_be_left_unread() -> None:
    """Where its status is enough, its body does not matter."""
    answer = asked(said(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n"), Limits(5.0, 0))
    assert (200, b"") == (answer.status, answer.content)


@pytest.mark.parametrize("url", ["http://a..b/", f"http://{'x' * 70}.y/", "http://[::1/", "nothing", "http://h:99999/"])
def test_an_address_that_cannot_be_asked_is_an_error_of_requests(url: str) -> None:
    """Of its own kinds alone."""
    with pytest.raises(requests.RequestException):
        HttpClient().send("GET", url, Limits(1.0, 9))


def test_a_header_that_cannot_be_sent_is_an_error_of_requests() -> None:
    """Text outside Latin-1 is found while the request is being sent."""
    with serving(said(b"")) as server, pytest.raises(requests.RequestException):
        HttpClient().send("GET", server.url, Limits(1.0, 9), headers={"X": "\u20ac"})


def test_a_connection_serves_one_request_after_another() -> None:
    """The limits of one exchange do not end the next."""
    seen: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        while part := connection.recv(1 << 16):
            seen.append(part)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with serving(talk) as server:
        client = HttpClient()
        answers = [client.send("GET", server.url, Limits(5.0, 9)) for _ in range(3)]
        client.close()
        assert server.left.wait(2.0)
    assert [b"ok"] * 3 == [answer.content for answer in answers]
    assert 3 == len(seen)


def test_cookies_are_not_kept() -> None:
    """A server could fill the memory with them, and nothing here logs in by cookie."""
    seen: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        while part := connection.recv(1 << 16):
            seen.append(part)
            connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    with serving(talk) as server:
        client = HttpClient()
        for _ in range(2):
            client.send("GET", server.url, Limits(5.0, 9))
        client.close()
    assert b"Cookie" not in b"".join(seen)
