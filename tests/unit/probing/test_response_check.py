"""The expectations of a probe, and the words for a response that does not meet them."""

from __future__ import annotations

from typing import Any

import pytest

from steps.probing.probe import Endpoint, Probe
from steps.probing.response_check import find_mismatch, follow_pointer

BODY = b'{"state": "ok", "checks": [{"a/b": 1}, true], "empty": null}'


@pytest.mark.parametrize(
    ("wanted", "status", "body", "seconds", "said"),
    [
        ({}, 200, b"", 0.1, ""),
        ({}, 503, b"", 0.1, "status 503 instead of 200"),
        ({"statuses": (200, 204)}, 301, b"", 0.1, "status 301 instead of 200 or 204"),
        ({"min_body_bytes": 1}, 200, b"", 0.1, "an empty body, at least 1 bytes are expected"),
        ({"min_body_bytes": 9}, 200, b"12345678", 0.1, "a body of 8 bytes, at least 9 bytes are expected"),
        ({"min_body_bytes": 9}, 200, b"123456789", 0.1, ""),
        ({"contains": "ok"}, 200, BODY, 0.1, ""),
        ({"contains": "fine"}, 200, BODY, 0.1, "the body does not contain 'fine'"),
        ({"pointer": "/state", "value": "ok"}, 200, BODY, 0.1, ""),
        ({"pointer": "/checks/0/a~1b", "value": 1}, 200, BODY, 0.1, ""),
        ({"pointer": "/checks/1", "value": 1}, 200, BODY, 0.1, "'true' at /checks/1 instead of '1'"),
        ({"pointer": "/empty", "value": None}, 200, BODY, 0.1, ""),
        ({"pointer": "/nothing", "value": 1}, 200, BODY, 0.1, "the body has nothing at /nothing"),
        ({"pointer": "/checks/7", "value": 1}, 200, BODY, 0.1, "the body has nothing at /checks/7"),
        ({"pointer": "/state/deeper", "value": 1}, 200, BODY, 0.1, "the body has nothing at /state/deeper"),
        ({"pointer": "/state", "value": 1}, 200, b"<html>", 0.1, "the body is not JSON"),
        ({"max_latency_ms": 100}, 200, b"", 0.1, ""),
        ({"max_latency_ms": 100}, 200, b"", 0.25, "took 250 ms, at most 100 ms are expected"),
    ],
)
def test_the_first_mismatch_is_reported(
    wanted: dict[str, Any], status: int, body: bytes, seconds: float, said: str
) -> None:
    """In a few words, with the expected value."""
    assert said == find_mismatch(Probe("p", **wanted), status, body, seconds)


def test_the_empty_pointer_is_the_whole_document() -> None:
    """As RFC 6901 defines it."""
    assert [1] == follow_pointer([1], "")


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (Endpoint("a", "10.0.0.1", 8080), "http://10.0.0.1:8080/x"),
        (Endpoint("a", "fd00::1", 8080), "http://[fd00::1]:8080/x"),
        (Endpoint("gateway", base="https://gw:8443/"), "https://gw:8443/x"),
    ],
)
def test_an_endpoint_returns_the_url_of_a_probe(endpoint: Endpoint, url: str) -> None:
    """IPv4, IPv6 and a gateway."""
    assert url == endpoint.url(Probe("p", "/x"))
