"""Servers on loopback that answer in drips, without an end, or with what unpacks into gigabytes."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Talk = Callable[[socket.socket], None]

_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_PART = b"9" * (1 << 16)


@dataclass
class HostileServer:
    """One server.

    Attributes:
        port: on loopback.
        left: set when a client has closed its connection while the server still talked.
    """

    port: int
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving(talk: Talk) -> Iterator[HostileServer]:
    """Run a server that talks so on each connection."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = HostileServer(listening.getsockname()[1])

    def talk_to(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection)
                while connection.recv(1 << 16):
                    pass
            except OSError:
                pass
            server.left.set()

    def accept() -> None:
        with contextlib.suppress(OSError):  # it is closed at the end
            while True:
                threading.Thread(target=talk_to, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _drips(head: bytes, drip: bytes = b"x") -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(head)
        while True:
            connection.sendall(drip)
            time.sleep(0.02)

    return talk


def _endless(head: bytes, part: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(head)
        while True:
            connection.sendall(part)

    return talk


def _packed(layers: int) -> Talk:
    content = b" " * (64 << 20)
    for _ in range(layers):
        content = gzip.compress(content, 1)
    kind = ", ".join(["gzip"] * layers).encode()

    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        head = _HEAD + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(content))
        connection.sendall(head + content)

    return talk


DRIPPING: dict[str, Talk] = {
    "says nothing": lambda _: time.sleep(0.01),
    "drips its status": _drips(b""),
    "drips its headers": _drips(_HEAD, b"X: y\r\n"),
    "drips one header": _drips(_HEAD + b"X: "),
    "drips its body": _drips(_HEAD + b"Content-Length: 100000\r\n\r\n"),
    "drips chunks": _drips(_CHUNKED, b"1\r\n \r\n"),
    "drips a chunk's size": _drips(_CHUNKED, b"0"),
}
"""By what they do: servers whose single waits are short, and which never end."""

ENDLESS: dict[str, Talk] = {
    "never ends its headers": _endless(_HEAD, b"X: " + _PART[:60_000] + b"\r\n"),
    "never ends a header": _endless(_HEAD + b"X: ", _PART),
    "never stops saying 100": _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "never ends its body": _endless(_HEAD + b"\r\n", _PART),
    "never ends a chunk's size": _endless(_CHUNKED, _PART),
    "never ends its chunks": _endless(_CHUNKED, b"10000\r\n" + _PART + b"\r\n"),
    "never ends its trailers": _endless(_CHUNKED + b"0\r\n", b"X: y\r\n" * 1000),
}
"""By what they do: servers that send as fast as they can."""

BOMBS: dict[str, Callable[[], Talk]] = {"gzip": lambda: _packed(1), "gzip in gzip": lambda: _packed(2)}
"""Small answers that unpack into 64 MiB."""
