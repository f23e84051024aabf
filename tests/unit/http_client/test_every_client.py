"""Prometheus, registries, webhooks, the Pushgateway and probed pods: none of them can hold or fill a step."""

from __future__ import annotations

import socket
import time
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from requests.auth import HTTPBasicAuth

from steps.errors import StepError
from steps.evidence.prometheus_api import client as prometheus
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.outputs.metrics.pushgateway import Pushgateway
from steps.outputs.webhook import Message, post
from steps.probing.probe import Endpoint, Probe
from steps.probing.send import send
from steps.registry.access import RegistryAccess
from steps.registry.reference import parse
from steps.registry.registry import Registry
from tests.support.board_apps import annotations_for, listed
from tests.support.hostile_servers import BOMBS, DRIPPING, ENDLESS, HostileServer, Talk, serving

SECONDS = 0.3
HOSTILE = DRIPPING.keys() | ENDLESS.keys() | BOMBS.keys()
IN_SHORT = ("drips one header", "never ends a header", "never ends its body", "gzip")
Client = Callable[[HostileServer, Path], str]
"""Talks to a server and returns its complaint, "" for none; anything undeclared is raised."""


def query(server: HostileServer, folder: Path) -> str:
    """Ask Prometheus."""
    del folder
    try:
        prometheus.Prometheus(Access(server.url, timeout_seconds=SECONDS)).query("up")
    except EvidenceError as error:
        return error.problem.sentence
    return ""


def resolve(server: HostileServer, folder: Path) -> str:
    """Ask a registry."""
    del folder
    access = RegistryAccess(plain_http=True, timeout_seconds=SECONDS, deadline_seconds=0)
    return complaint(lambda: Registry(access).digest(parse(f"127.0.0.1:{server.port}/team/shop:v2")))


def notify(server: HostileServer, folder: Path) -> str:
    """Call a webhook."""
    (folder / "url").write_text(server.url)
    return complaint(lambda: post(str(folder / "url"), Message({}), SECONDS))


def push(server: HostileServer, folder: Path) -> str:
    """Push metrics."""
    del folder
    apps = listed(1e9, ("shop", "shop", annotations_for("shop", "running", 1e9)))
    return complaint(lambda: Pushgateway(server.url, SECONDS, HTTPBasicAuth("a", "b")).write(apps))


def probe(server: HostileServer, folder: Path) -> str:
    """Probe a pod."""
    del folder
    return send(Probe("p", timeout_seconds=SECONDS), Endpoint("pod", "127.0.0.1", server.port))


def complaint(talks: Callable[[], object]) -> str:
    """Return the sentence of a declared error."""
    try:
        talks()
    except StepError as error:
        return str(error)
    return ""


CLIENTS: tuple[Client, ...] = (query, resolve, notify, push, probe)


@cache
def hostile(what: str) -> Talk:
    """Return a server by what it does; a bomb takes long to pack, so only a test that needs it does it."""
    return BOMBS[what]() if what in BOMBS else {**DRIPPING, **ENDLESS}[what]


def check(client: Client, what: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a client talk to a hostile server: it leaves in time, with little memory and a declared error."""
    monkeypatch.setattr(prometheus, "MAX_BYTES", 1 << 20)
    talk = hostile(what)
    tracemalloc.start()
    began = time.monotonic()
    try:
        with serving(talk) as server:
            client(server, folder)
            assert server.left.wait(2.0)
        assert time.monotonic() - began < 4 * SECONDS + 2.0
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("what", IN_SHORT)
@pytest.mark.parametrize("client", CLIENTS)
def test_no_server_can_hold_or_fill_a_step(
    client: Client, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users would stay on the canary meanwhile."""
    check(client, what, tmp_path, monkeypatch)


@pytest.mark.full
@pytest.mark.parametrize("what", sorted(HOSTILE - set(IN_SHORT)))
@pytest.mark.parametrize("client", CLIENTS)
def test_no_other_server_can_either(client: Client, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All others of the list."""
    check(client, what, tmp_path, monkeypatch)


def test_a_token_service_cannot_hold_a_step_either() -> None:
    """It is asked by a request of its own."""

    def talk(connection: socket.socket) -> None:
        asked = connection.recv(1 << 16)
        if b"/token" in asked:
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)
        host = next(line.split()[1] for line in asked.split(b"\r\n") if line.startswith(b"Host:"))
        realm = b'WWW-Authenticate: Bearer realm="http://%s/token"\r\n' % host
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n%s\r\n" % realm)

    began = time.monotonic()
    with serving(talk) as server:
        assert "the token service 127.0.0.1 took too long" in resolve(server, Path())
    assert time.monotonic() - began < 2.0
