"""The statistics of a pod's proxy, read from real sockets: what a hostile pod answers must not hold a rollback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from steps.evidence.proxy_arrivals import ProxyArrivals
from steps.model.arrivals import Arrivals

pytestmark = pytest.mark.integration

ADDRESS = "127.93.7.1"
LINE = (
    'istio_requests_total{reporter="destination",source_workload="gateway",source_principal="unknown",'
    'response_code="200"} '
)
Answer = Callable[[BaseHTTPRequestHandler], None]
Serve = Callable[[int, Answer], None]


def page(handler: BaseHTTPRequestHandler, text: str, status: int = 200) -> None:
    """Answer with a page."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text.encode())


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves a pod's port."""
    servers: list[ThreadingHTTPServer] = []

    def started(port: int, answer: Answer) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        server = ThreadingHTTPServer((ADDRESS, port), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    yield started
    for one in servers:
        one.shutdown()
        one.server_close()


def look() -> Arrivals | None:
    """Return what a first look at the pod sees."""
    return ProxyArrivals(lambda *_: [("pod", ADDRESS)]).watch("shop", ("canary",), 0.0)(1.0)


def test_envoy_is_asked_for_little_and_the_agent_otherwise(serve: Serve) -> None:
    """Port 15090 filters; port 15020 merges all that the app has to say."""
    asked: list[str] = []

    def envoy(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        page(handler, f"{LINE}5\n")

    serve(15090, envoy)
    assert look() is not None
    assert ["/stats/prometheus?usedonly&filter=requests_total"] == asked


def test_the_agent_is_asked_where_envoys_own_port_is_closed(serve: Serve) -> None:
    """As some policies have it."""
    serve(15090, lambda it: page(it, "RBAC: access denied", 403))
    serve(15020, lambda it: page(it, f"app_metric 1\n{LINE}5\n"))
    assert look() is not None


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Answer without an end."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(LINE.encode() * 4096)
    except OSError:
        return


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """Answer a byte now and then."""
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b"i")
            time.sleep(0.1)
    except OSError:
        return


def elsewhere(handler: BaseHTTPRequestHandler) -> None:
    """Redirect to another server."""
    handler.send_response(302)
    handler.send_header("Location", "http://169.254.169.254/latest/meta-data")
    handler.end_headers()


@pytest.mark.parametrize("answer", [endless, dripping, elsewhere])
def test_a_hostile_pod_shows_nothing_within_its_time(serve: Serve, answer: Answer) -> None:
    """Two ports of two seconds; then the limit of the drain decides."""
    serve(15090, answer)
    serve(15020, answer)
    began = time.monotonic()
    assert look() is None
    assert time.monotonic() - began < 15
