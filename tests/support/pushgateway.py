"""A stand-in for a Pushgateway: keeps what is pushed, or lets it wait."""

from __future__ import annotations

import contextlib
import http.server
import threading
from types import TracebackType
from typing import Self


class PushgatewayStandIn:
    """A server on loopback that keeps the last push of each group.

    Args:
        hangs: answer no push before the end.
        status: of its answers.

    Attributes:
        groups: path → text of the last push.
    """

    def __init__(self, *, hangs: bool = False, status: int = 200) -> None:
        self.groups: dict[str, str] = {}
        self.pushes = 0
        self._release = threading.Event()
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                stand_in.pushes += 1
                if hangs:
                    stand_in._release.wait(30)
                stand_in.groups[self.path] = text
                with contextlib.suppress(OSError):  # the step may have ended
                    self.send_response(status)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._release.set()
        self._server.shutdown()
        self._server.server_close()
