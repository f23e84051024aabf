"""Responses of Prometheus without a proper end: a problem with a sentence, in limited time."""

from __future__ import annotations

import gzip
import http.server
import json
import time
from collections.abc import Callable

import pytest

from steps.evidence.prometheus_api import client
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.model.evidence import ProblemKind
from tests.support.local_servers import Answer, LocalServer, body

pytestmark = pytest.mark.integration
GOOD = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()


def asked(pod: LocalServer, seconds: float = 5.0) -> Prometheus:
    """Return a client of this server."""
    return Prometheus(Access(f"http://127.0.0.1:{pod.endpoint.port}", timeout_seconds=seconds))


def dripping(handler: http.server.BaseHTTPRequestHandler) -> None:
    """Send a byte now and then: no timeout of a single wait expires."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def chunks(*parts: bytes, ends: bool = True) -> Answer:
    """Answer in chunks."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for part in parts:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        handler.wfile.write(b"0\r\n\r\n" if ends else b"")
        handler.close_connection = True

    return answer


def last(answer: Answer) -> Answer:
    """Answer, and close the connection: the client has left by then."""

    def answered(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        answer(handler)

    return answered


def test_a_dripping_response_ends_at_the_timeout(serve: Callable[..., LocalServer]) -> None:
    """Otherwise the step, and users, would wait for hours."""
    began = time.monotonic()
    with pytest.raises(EvidenceError, match=r"took more than 0\.4 s to answer") as caught:
        asked(serve(last(dripping)), 0.4).query("up")
    assert ProblemKind.SLOW is caught.value.problem.kind
    assert time.monotonic() - began < 5.0


def test_an_answer_without_end_is_not_kept_in_memory(
    serve: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compressed or not: the limit is for the decompressed size."""
    monkeypatch.setattr(client, "MAX_BYTES", 1 << 20)
    packed = gzip.compress(b" " * (8 << 20))
    for endless in (chunks(*[b" " * (1 << 16)] * 64), last(body(packed, 200, **{"Content-Encoding": "gzip"}))):
        with pytest.raises(EvidenceError, match="sent more than") as caught:
            asked(serve(endless)).query("up")
        assert ProblemKind.NOT_PROMETHEUS is caught.value.problem.kind


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (chunks(GOOD[:20], ends=False), "closed the connection in the middle of its response"),
        (body(GOOD, 200, **{"Content-Encoding": "gzip"}), "compressed data that cannot be read"),
    ],
    ids=["broken-off", "not-gzip"],
)
def test_an_unreadable_response_is_reported(serve: Callable[..., LocalServer], answer: Answer, sentence: str) -> None:
    """With a hint where to look."""
    with pytest.raises(EvidenceError, match=sentence):
        asked(serve(answer)).query("up")


@pytest.mark.parametrize(
    "answer",
    [
        body(GOOD),
        chunks(GOOD),
        chunks(GOOD[:9], GOOD[9:]),
        body(gzip.compress(GOOD), 200, **{"Content-Encoding": "gzip"}),
    ],
)
def test_a_complete_response_is_read_in_any_encoding(serve: Callable[..., LocalServer], answer: Answer) -> None:
    """In one piece, in chunks, or compressed; a connection serves one query after another."""
    prometheus = asked(serve(answer))
    assert [[], []] == [prometheus.query("up").result for _ in range(2)]
