"""Answers of Prometheus that do not end, or not as they should: a problem with a sentence in bounded time."""

from __future__ import annotations

import gzip
import http.server
import json
import time
from collections.abc import Callable

import pytest

from steps.evidence.prometheus_api import response_body as bodies
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
    """Send a byte now and then, which no time-out of a single wait sees."""
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


def test_an_answer_that_drips_ends_at_the_time_out(serve: Callable[..., LocalServer]) -> None:
    """Else the step would wait for hours, and users with it."""
    began = time.monotonic()
    with pytest.raises(EvidenceError, match=r"took more than 0\.4 s to answer") as caught:
        asked(serve(last(dripping)), 0.4).query("up")
    assert ProblemKind.SLOW is caught.value.problem.kind
    assert time.monotonic() - began < 5.0


def test_an_answer_without_end_is_not_kept_in_memory(
    serve: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compressed or not: what counts is the size as it is read."""
    monkeypatch.setattr(bodies, "MOST_BYTES", 1 << 20)
    packed = gzip.compress(b" " * (8 << 20))
    for endless in (chunks(*[b" " * (1 << 16)] * 64), last(body(packed, 200, **{"Content-Encoding": "gzip"}))):
        with pytest.raises(EvidenceError, match="answered with more than") as caught:
            asked(serve(endless)).query("up")
        assert ProblemKind.NOT_PROMETHEUS is caught.value.problem.kind


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (chunks(GOOD[:20], ends=False), "broke off its answer"),
        (body(GOOD, 200, **{"Content-Encoding": "gzip"}), "compressed data that cannot be read"),
    ],
    ids=["broken-off", "not-gzip"],
)
def test_what_cannot_be_read_is_told_as_such(serve: Callable[..., LocalServer], answer: Answer, sentence: str) -> None:
    """With where to look."""
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
def test_a_whole_answer_is_read_however_it_is_sent(serve: Callable[..., LocalServer], answer: Answer) -> None:
    """In one piece, in chunks, or compressed; a connection serves one query after another."""
    prometheus = asked(serve(answer))
    assert [[], []] == [prometheus.query("up").result for _ in range(2)]
