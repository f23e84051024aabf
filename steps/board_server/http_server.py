"""HTTP for a page that anybody may ask for: GET and HEAD, one request a connection, and a limit to everything.

The standard library's server does the parsing. What it lacks is here, and other small servers lack it too: their time
limits begin anew with each byte, so a slow client could keep a connection for ever.
"""

import io
import socket
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import LineTooLong
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, Final

import structlog

from steps.board_server.response import Response, plain

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Answer = Callable[[str, Mapping[str, str]], Response]

MAX_REQUEST_BYTES: Final = 16384
"""Of the request line and all headers."""
MAX_CONNECTIONS: Final = 64
"""And threads; with more, the oldest connection is closed: a request that is sent at once takes milliseconds."""
CONNECTION_SECONDS: Final = 10.0
"""Time limit of a connection, from its start to the last byte of the answer."""


class BoardHttpServer(ThreadingHTTPServer):
    """Serves the answers of a function.

    Args:
        address: host and port; port 0 takes a free one.
        answer: gets the target and the headers of a GET.
        seconds: time limit of a connection (> 0).
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answer: Answer, seconds: float = CONNECTION_SECONDS) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.answer, self.seconds = answer, seconds
        self._open: OrderedDict[int, socket.socket] = OrderedDict()
        self._lock = Lock()
        super().__init__(address, BoardRequest)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Answer in a thread, and close the oldest connections where there are too many."""
        with self._lock:
            oldest = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - MAX_CONNECTIONS + 1)]
            self._open[id(request)] = request
        for one in oldest:
            _hang_up(one)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Close a connection."""
        with self._lock:
            self._open.pop(id(request), None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Log a defect as one line of the log, not as text on standard error; called while it is handled."""
        del request, client_address
        log.error("board.request_crashed", error=repr(sys.exception()))

    def server_bind(self) -> None:
        """Bind without asking the DNS for this host's name, which http.server does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


def _hang_up(connection: socket.socket) -> None:
    """Wake the thread of a connection, which then ends."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended


class _BoundedRequest(io.RawIOBase):
    """The bytes of one request, up to a time and up to a number."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline, self._left = connection, deadline, MAX_REQUEST_BYTES

    def readable(self) -> bool:
        """Return True, as the file interface asks."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any buffer
        """Read what is there; LineTooLong is what http.server answers with 431."""
        if self._left <= 0:
            raise LineTooLong("request")
        self._connection.settimeout(max(0.001, self._deadline - time.monotonic()))
        count = self._connection.recv_into(buffer, min(len(buffer), self._left))
        self._left -= count
        return count


class BoardRequest(BaseHTTPRequestHandler):
    """One request on one connection."""

    protocol_version = "HTTP/1.1"
    server: BoardHttpServer

    def setup(self) -> None:
        """Read within the limits."""
        super().setup()
        self._deadline = time.monotonic() + self.server.seconds
        self.rfile.close()
        self.rfile = io.BufferedReader(_BoundedRequest(self.connection, self._deadline))

    def handle(self) -> None:
        """Answer one request; a client that has gone or is too slow gets nothing."""
        self.close_connection = True
        self.requestline, self.request_version, self.command = "", self.protocol_version, "GET"
        try:
            self.handle_one_request()
        except LineTooLong:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        except OSError:
            return

    def parse_request(self) -> bool:
        """Refuse every method but two; nothing that is sent can change anything."""
        if not super().parse_request():
            return False
        if self.command not in {"GET", "HEAD"}:
            self._send(plain(HTTPStatus.METHOD_NOT_ALLOWED, "The board is read-only: GET and HEAD.", Allow="GET, HEAD"))
            return False
        return True

    def do_GET(self) -> None:
        """Answer."""
        try:
            answer = self.server.answer(self.path, dict(self.headers))
        except Exception:  # a defect of ours must not end the board
            log.exception("board.request_crashed", path=self.path[:200])
            answer = plain(HTTPStatus.INTERNAL_SERVER_ERROR, "The board has a defect; its log says more.")
        self._send(answer)

    do_HEAD = do_GET  # noqa: N815 - named by http.server

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what cannot be parsed, in plain text."""
        del explain
        self._send(plain(code, message or ""))

    def _send(self, answer: Response) -> None:
        self.request_version = self.protocol_version  # http.server sends no headers where it could not parse one
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.connection.settimeout(max(0.001, self._deadline - time.monotonic()))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def version_string(self) -> str:
        """Return the product alone."""
        return "canary-steps"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        """Log no request: probes and browsers ask every few seconds."""
