"""`canary-steps board` as a process: permissions, faults of the API server, signals."""

from __future__ import annotations

import http.client
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.board_apps import fill
from tests.support.kubernetes_api import StandInApi
from tests.support.step_run import RunningStep, StepFiles

pytestmark = pytest.mark.integration
Start = Callable[..., "BoardProcess"]
FORBIDDEN = "forbidden"


class BoardProcess(RunningStep):
    """A board that listens on a free port."""

    def get(self, path: str = "/", method: str = "GET") -> tuple[int, str]:
        """Return status and text of an answer."""
        port = self.wait_for_event("board.listening")["port"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request(method, path)
            found = connection.getresponse()
            return found.status, found.read().decode()
        finally:
            connection.close()

    def until(self, status: int, path: str = "/", seconds: float = 20.0) -> str:
        """Return the text of the first answer with a status."""
        deadline = time.monotonic() + seconds
        while True:
            found, text = self.get(path)
            if found == status:
                return text
            assert time.monotonic() < deadline, (found, text[:500], self.lines())
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; return the seconds until it ended with 0."""
        began = time.monotonic()
        self.process.send_signal(number)
        ended = self.wait(10)
        assert 0 == ended.exit_code, ended.lines
        assert [] == ended.events("step.failed")
        return time.monotonic() - began


@pytest.fixture
def api() -> Iterator[StandInApi]:
    """Return an API server with 70 apps in two namespaces."""
    with StandInApi(namespaces=("shop", "pay")) as api:
        fill(api, 70, ("shop", "pay"))
        yield api


@pytest.fixture
def start(api: StandInApi, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a board with flags, reading every second."""
    kubeconfig = str(api.write_kubeconfig(tmp_path / "kubeconfig", "shop"))
    started: list[BoardProcess] = []

    def begin(*flags: str) -> BoardProcess:
        quick = ("--interval-seconds", "1", "--stale-seconds", "2", "--api-timeout-seconds", "0.5")
        files = StepFiles("board", tmp_path / f"board-{len(started)}")
        given = ("--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0", *quick, *flags)
        started.append(BoardProcess("board", given, {}, files))
        return started[-1]

    yield begin
    for one in started:
        one.stop()


def test_it_shows_one_namespace_several_or_all(start: Start) -> None:
    """As its flags say, and ends at a signal."""
    shop, both, everything = start(), start("--namespaces", "shop,pay"), start("--all-namespaces")
    assert "35 apps;" in shop.until(200)
    assert "70 apps;" in both.until(200)
    assert "70 apps;" in everything.until(200)
    assert 'canary_steps_board_last_read_timestamp_seconds{namespace="*"}' in everything.until(200, "/metrics")
    assert (405, "The board is read-only: GET and HEAD.\n") == everything.get(method="POST")
    assert shop.end() < 3
    assert both.end(signal.SIGINT) < 3


def test_without_permission_it_says_which_and_goes_on_once_it_is_granted(api: StandInApi, start: Start) -> None:
    """It is not restarted meanwhile: the process is well."""
    api.faults.deny("list", "virtualservices")
    board = start()
    text = board.until(503)
    deadline = time.monotonic() + 10
    while FORBIDDEN not in text:
        assert time.monotonic() < deadline, text
        text = board.until(503)
    assert "Cannot read the VirtualServices of namespace shop since" in text
    assert "kubectl create role canary-steps-list --verb=list" in text
    assert [503, 503, 200] == [board.get(path)[0] for path in ("/metrics", "/readyz", "/healthz")]
    api.faults.clear()
    assert "35 apps;" in board.until(200)


def test_a_hanging_api_server_makes_pages_unavailable_within_the_limit(api: StandInApi, start: Start) -> None:
    """They are answered at once, whatever hangs; then everything comes back, and SIGTERM ends it in any case."""
    board = start("--api-timeout-seconds", "30", "--stale-seconds", "3")
    board.until(200)
    api.faults.hang(4.0, verb="list", times=1)
    began = time.monotonic()
    text = board.until(503, seconds=10)
    assert 1 < time.monotonic() - began < 8
    assert "Cannot read the VirtualServices of namespace shop" in text
    assert "35 apps;" in board.until(200)
    api.faults.hang(60.0, verb="list", times=None)
    asked = len(api.faults.log)
    while len(api.faults.log) == asked:
        time.sleep(0.02)
    assert board.end() < 3


def test_errors_of_the_api_server_are_shown_and_pass(api: StandInApi, start: Start) -> None:
    """One after the other, with what it answered."""
    board = start()
    board.until(200)
    for status, said in ((500, "answered 500"), (401, "credentials were not accepted")):
        api.faults.answer(status, verb="list", times=None)
        assert said in board.until(503)
        api.faults.clear()
        board.until(200)


def test_an_address_in_use_is_a_bad_setting(start: Start) -> None:
    """2, with the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = start("--listen", address).wait(20)
    assert (2, "bad-settings") == (ended.exit_code, ended.code)
    assert f"--listen = '{address}': Address already in use" in ended.error
