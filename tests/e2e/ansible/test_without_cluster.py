"""Parts that do not answer are named, with the variable that helps; nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.ansible.playbook import ControlNode
from tests.support.local_servers import Answer, LocalServers, body

pytestmark = [pytest.mark.e2e, pytest.mark.full]

NOTHING = {"status": "success", "data": {"resultType": "vector", "result": []}}
SOME = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, "3"]}]}}


@pytest.fixture
def servers() -> Iterator[LocalServers]:
    """Return servers on loopback."""
    found = LocalServers()
    yield found
    found.stop()


def _url(servers: LocalServers, answer: Answer) -> str:
    return f"http://127.0.0.1:{servers.start(answer).endpoint.port}"


def _prometheus(servers: LocalServers, *, has_proxies: bool) -> str:
    """Start a Prometheus that has no requests; return its URL."""

    def answer(handler: object) -> None:
        is_proxies = "istio_build" in str(getattr(handler, "path", ""))
        found = SOME if has_proxies and is_proxies else NOTHING
        body(json.dumps(found).encode(), **{"Content-Type": "application/json"})(handler)  # type: ignore[arg-type]

    return _url(servers, answer)


def test_a_prometheus_that_does_not_scrape_the_mesh_is_named_with_the_remedy(
    node: ControlNode, servers: LocalServers
) -> None:
    """As a failure, or as a warning where asked for."""
    url = _prometheus(servers, has_proxies=False)
    play = node.play("--tags", "canary_metrics", canary_prometheus_url=url)
    assert 2 == play.exit_code
    assert f"This Prometheus does not scrape the mesh: {url} has no istio_requests_total. Remedy:" in play.words
    warned = node.play("--tags", "canary_metrics", canary_prometheus_url=url, canary_on_problem="warn")
    assert 0 == warned.exit_code
    assert "does not scrape the mesh" in warned.words


def test_a_mesh_without_traffic_is_another_problem(node: ControlNode, servers: LocalServers) -> None:
    """Its proxies are scraped, so a scrape job would not help."""
    play = node.play("--tags", "canary_metrics", canary_prometheus_url=_prometheus(servers, has_proxies=True))
    assert 2 == play.exit_code
    assert "scrapes proxies, but has no istio_requests_total yet. Remedy: send the apps some traffic" in play.words


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, "does not answer this control node: status -1"),
        (body(b"<html>", 200), "status 200"),
        (body(b"who are you", 401), "status 401"),
        (body(b"", 302, Location="/login"), "status 302"),
        (body(b'{"status": "error", "error": "parse error"}', 400), "status 400"),
        (body(b"[]", 200, **{"Content-Type": "application/json"}), "status 200"),
    ],
)
def test_a_prometheus_that_does_not_answer_stops_the_play_before_any_change(
    node: ControlNode, servers: LocalServers, answer: Answer | None, expected: str
) -> None:
    """With the variables for another address and for a token."""
    url = "http://127.0.0.1:1" if answer is None else _url(servers, answer)
    play = node.play("--tags", "canary_metrics", canary_prometheus_url=url)
    assert 2 == play.exit_code
    assert expected in play.words
    assert "set canary_prometheus_check_url, and canary_prometheus_token_file" in play.words


def test_an_api_server_that_is_down_is_named_with_its_context(node: ControlNode, tmp_path: Path) -> None:
    """Before Helm or anything else writes."""
    kubeconfig = tmp_path / "kubeconfig"
    named = {"name": "gone"}
    kubeconfig.write_text(
        json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "gone",
            "clusters": [named | {"cluster": {"server": "http://127.0.0.1:1"}}],
            "users": [named | {"user": {"token": "x"}}],
            "contexts": [named | {"context": {"cluster": "gone", "user": "gone"}}],
        })
    )  # fmt: skip
    # Without namespaces Helm is not needed, which this machine may lack.
    given = {"canary_kubeconfig": str(kubeconfig), "canary_context": "gone", "canary_namespaces": []}
    play = node.play("--tags", "canary_charts", **given)
    assert 2 == play.exit_code
    assert f"The API server of context gone of {kubeconfig} does not answer" in play.words


@pytest.mark.parametrize("helm", ["/nowhere/helm", "/bin/true"])
def test_a_missing_helm_is_named_with_the_remedy(node: ControlNode, tmp_path: Path, helm: str) -> None:
    """It says how to get one."""
    play = node.play("--tags", "canary_charts", canary_helm=helm, canary_namespaces=["shop"])
    assert 2 == play.exit_code
    assert f"canary_helm: {helm} is not Helm 3 or 4 on this control node" in play.words
    assert "Install Helm" in play.words
