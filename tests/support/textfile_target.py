"""A scrape target that serves the files of a folder, as node exporter's textfile collector does."""

from __future__ import annotations

import contextlib
import http.server
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


class TextfileTarget:
    """Serves all files named *.prom of a folder, one after the other, on a port of loopback."""

    def __init__(self, folder: Path) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.prom")))
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                with contextlib.suppress(OSError):  # a Prometheus that stops does not wait for the answer
                    self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing: a scrape comes every second."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def job(self) -> dict[str, object]:
        """The job by which Prometheus scrapes it."""
        address = f"127.0.0.1:{self._server.server_address[1]}"
        return {"job_name": "textfile", "honor_labels": True, "static_configs": [{"targets": [address]}]}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
