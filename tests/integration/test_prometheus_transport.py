"""Prometheus behind TLS, on loopback: the settings of a step decide which certificates it trusts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from tests.support.local_servers import Answer, LocalServer, Pki, body, server_context

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificates, is not on PATH"),
]
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the developer's own bundle."""
    for name in BUNDLES:
        monkeypatch.delenv(name, raising=False)


def nothing() -> Answer:
    """Answer as Prometheus does where no series matches."""
    return body(json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode())


def asked(pod: LocalServer, ca_file: str | None = None) -> Prometheus:
    """Return a client of this server that trusts this authority."""
    access = Access(f"https://127.0.0.1:{pod.endpoint.port}", ca_file=Path(ca_file) if ca_file else None)
    return Prometheus(access)


@pytest.mark.parametrize("variable", BUNDLES)
def test_a_ca_bundle_in_the_environment_does_not_override_the_ca_file(
    pki: Pki, serve: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Images often set one of these for a company's proxy."""
    pod = serve(nothing(), server_context(pki, "host"))
    monkeypatch.setenv(variable, pki.crt("another"))
    assert [] == asked(pod, pki.crt("ours")).query("up").result
    monkeypatch.setenv(variable, pki.crt("ours"))
    with pytest.raises(EvidenceError) as caught:
        asked(pod, pki.crt("another")).query("up")
    assert "certificate" in caught.value.problem.sentence


def test_without_a_ca_file_the_environment_counts(
    pki: Pki, serve: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As everywhere where requests is used; without that, the system's authorities do."""
    pod = serve(nothing(), server_context(pki, "host"))
    with pytest.raises(EvidenceError, match="certificate"):
        asked(pod).query("up")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", pki.crt("ours"))
    assert [] == asked(pod).query("up").result
