"""Servers on loopback, plain or with TLS, and their certificates, made by the command openssl."""

from __future__ import annotations

import http.server
import ssl
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from steps.probing.probe import Endpoint

NAME = "shop.example"
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Pki:
    """Two authorities, a client's certificate and two of servers: `server` for `shop.example`, `host` for loopback."""

    folder: Path

    def make_all(self) -> None:
        """Make all certificates."""
        self.make("ours")
        self.make("another")
        self.make("server", *self.signed("ours"), "-addext", f"subjectAltName=DNS:{NAME}")
        self.make("host", *self.signed("ours"), "-addext", "subjectAltName=IP:127.0.0.1")
        self.make("client", *self.signed("ours"))

    def crt(self, name: str) -> str:
        """Return the path of a certificate."""
        return str(self.folder / f"{name}.crt")

    def key(self, name: str) -> str:
        """Return the path of a key."""
        return str(self.folder / f"{name}.key")

    def make(self, name: str, *more: str) -> None:
        """Make a key and a certificate; `more` has the signer and the extensions."""
        made = ("-newkey", "rsa:2048", "-nodes", "-keyout", self.key(name), "-out", self.crt(name), "-days", "2")
        command = ("openssl", "req", "-x509", *made, "-subj", f"/CN={name}", *more)
        subprocess.run(command, check=True, capture_output=True)

    def signed(self, by: str) -> tuple[str, ...]:
        """Return the arguments for a certificate that `by` signs."""
        return "-CA", self.crt(by), "-CAkey", self.key(by), "-addext", "basicConstraints=critical,CA:FALSE"


@dataclass
class LocalServer:
    """A server on loopback, plain or with TLS."""

    endpoint: Endpoint
    asked_for: list[str | None] = field(default_factory=list)


class LocalServers:
    """Starts servers that give the same answer to every request, and stops them."""

    def __init__(self) -> None:
        self._started: list[http.server.ThreadingHTTPServer] = []

    def start(self, answer: Answer, context: ssl.SSLContext | None = None) -> LocalServer:
        """Start a server on a free port."""

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answer every request alike."""

            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Answer; the other side may have gone."""
                try:
                    answer(self)
                except OSError:
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Keep quiet."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        pod = LocalServer(Endpoint("pod", "127.0.0.1", server.server_port))
        if context is not None:
            context.sni_callback = lambda _socket, name, _context: pod.asked_for.append(name)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes are the subject
        self._started.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return pod

    def stop(self) -> None:
        """Stop them all."""
        for server in self._started:
            server.shutdown()
            server.server_close()


def body(content: bytes, status: int = 200, **headers: str) -> Answer:
    """Answer with a body."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def server_context(pki: Pki, name: str = "server", *, clients: bool = False) -> ssl.SSLContext:
    """Return the server's side of TLS; with `clients` it accepts only clients with a certificate of ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.crt(name), pki.key(name))
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pki.crt("ours"))
    return context
