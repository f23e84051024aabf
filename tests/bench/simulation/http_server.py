"""The same database behind a real HTTP server, as Prometheus' API: the in-process shortcut changes nothing."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.bench.simulation.database import Database


class Server(ThreadingHTTPServer):
    """Serves one database; `at` is its clock, in whole unix seconds."""

    def __init__(self, database: Database, at: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.database, self.at = database, at

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, form: str) -> None:
        (promql,) = parse_qs(form)["query"]
        result = self.server.database.query(promql, float(self.server.at))
        kind = "matrix" if result and "values" in result[0] else "vector"
        body = json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the simulated time."""
        return formatdate(self.server.at, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        """Stay silent."""


@contextmanager
def serve(database: Database, at: int) -> Iterator[Server]:
    """Serve until the block ends."""
    server = Server(database, at)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
