"""Kills of the helper steps sweep, approve and notify, and of prepare before its first write."""

from __future__ import annotations

import http.server
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from steps.actions.teardown import TeardownPolicy
from steps.claim.keys import approval_key
from steps.errors import NotOwnerError
from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp
from tests.integration.test_kills import KillCase, passed, prepare, promote, promote_halfway, walk
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint, Moment
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE
from tests.support.release_ends import PROMOTED, RESTORED
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration
EXPIRED, REPAIR = 700.0, 130.0
"""Seconds after which the claim of a release, and of a repair, expires."""

DEAD = {
    "on a rung": KillCase((prepare, walk), prepare),
    "on a rung of two": KillCase((prepare, walk), prepare, (APP, f"{APP}-inner")),
    "with its baseline": KillCase((prepare, walk), prepare, baseline=True),
    "halfway through a promote": KillCase((prepare, passed, promote_halfway), prepare),
    "at the end of a promote": KillCase((prepare, passed), prepare),
}


@pytest.fixture(params=DEAD)
def dead(request: pytest.FixtureRequest, tmp_path: Path) -> SteppedCluster:
    """Return an app whose run died somewhere, its claim expired."""
    case = DEAD[request.param]
    world = case.world(tmp_path)
    for act in case.before:
        act(StepProcess(world))
    if request.param == "at the end of a promote":
        counted, kept = StepProcess(world), world.keep()
        promote(counted)
        world.put_back(kept)
        with pytest.raises(Killed):
            promote(StepProcess(world, KillPoint(counted.kill_point.writes, "before")))
    world.store.clock_offset_seconds += EXPIRED
    return world


def places(world: SteppedCluster) -> Iterator[tuple[int, Moment]]:
    """Sweep once to count its writes; restore the cluster and yield each place for a kill."""
    kept = world.keep()
    counted = StepProcess(world)
    counted.sweep()
    for number in range(1, counted.kill_point.writes + 1):
        for moment in ("before", "after"):
            world.put_back(kept)
            yield number, moment


def assert_ended(world: SteppedCluster, where: object) -> None:
    """Check that users are on a ready stable of one version, the canary down and nothing of a run left."""
    world.settle(APP)
    expected = PROMOTED if world.outcome() == "promoted" else RESTORED
    summary = world.summary()
    assert expected == {name: summary[name] for name in expected}, where


def test_a_sweep_that_is_killed_anywhere_is_followed_by_the_next_after_two_minutes(dead: SteppedCluster) -> None:
    """Not after the ten minutes of a release: a dead run's users may still be on its canary."""
    for where in places(dead):
        with pytest.raises(Killed):
            StepProcess(dead, KillPoint(*where)).sweep()
        dead.store.clock_offset_seconds += REPAIR
        end = StepProcess(dead).sweep()
        assert 0 == end.exit_code, (where, end)
        assert_ended(dead, where)
        with suppress(NotOwnerError):  # a pod of the first run that was only slow
            StepProcess(dead).set_weight(80)
        assert_ended(dead, where)


def test_a_sweep_that_is_slow_leaves_what_another_took_over(dead: SteppedCluster) -> None:
    """It waited for a pod for minutes and its claim expired: the second sweep ends the run, and the first notices."""
    for where in places(dead):
        kill_point = KillPoint(*where)
        with pytest.raises(Killed):
            StepProcess(dead, kill_point).sweep()
        alone = StepProcess(dead).sweep()
        assert (0, "[]") == (alone.exit_code, alone.results["list"]) or dead.outcome(), where
        dead.store.clock_offset_seconds += REPAIR
        StepProcess(dead).sweep()
        before = dead.summary()
        assert '"failed"' not in StepProcess(dead).sweep().results["list"], where
        assert before == dead.summary(), where


def test_a_drain_of_minutes_keeps_the_claim_of_a_repair(tmp_path: Path) -> None:
    """Another sweep that looks every minute finds nothing to take over, until the first one dies."""
    world = SteppedCluster(tmp_path)
    prepare(StepProcess(world))
    walk(StepProcess(world))
    world.store.clock_offset_seconds += EXPIRED
    lists: list[str] = []

    def pass_time(seconds: float) -> None:
        world.store.clock_offset_seconds += seconds
        lists.append(StepProcess(world).sweep().results["list"])

    end = StepProcess(world, ending=TeardownPolicy(5.0, 300.0, pass_time)).sweep()
    assert '"outcome":"rolled-back"' in end.results["list"]
    assert {"[]"} == set(lists)
    assert len(lists) >= 10  # every half minute, and once more where a second began in between


def test_an_approval_is_a_single_write(tmp_path: Path) -> None:
    """After a kill it is absent or complete; run again, it opens the gate; a third time it writes nothing."""
    world = SteppedCluster(tmp_path)
    prepare(StepProcess(world))
    kept = world.keep()
    for moment in ("before", "after"):
        world.put_back(kept)
        with pytest.raises(Killed):
            StepProcess(world, KillPoint(1, moment)).approve()
        assert ("one" if moment == "after" else "") == world.annotation(approval_key(APP))
        assert "approved" == StepProcess(world).approve().results["outcome"]
        before = world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)
        assert "approved" == StepProcess(world).approve().results["outcome"]
        assert ("one", before) == (
            world.annotation(approval_key(APP)), world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)
        )  # fmt: skip


@dataclass
class Channel:
    """A webhook that keeps its callers waiting until it may answer."""

    url: str = ""
    bodies: list[dict[str, str]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def channel() -> Iterator[Channel]:
    """Return it, on loopback."""
    state = Channel()

    class Handler(http.server.BaseHTTPRequestHandler):
        """Take what comes."""

        def do_POST(self) -> None:
            """Note the body, wait, answer."""
            state.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            state.came.set()
            state.answers.wait(30)
            with suppress(OSError):
                self.send_response(200)
                self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/secret-part"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    state.answers.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def app(deploy: Deploy) -> LabApp:
    """Return an app of the lab."""
    return deploy("heard")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_notify_can_be_ended_while_the_webhook_is_silent(
    app: LabApp, channel: Channel, tmp_path: Path, number: signal.Signals
) -> None:
    """SIGTERM ends it at once with 3, without another attempt; run again, the message comes through."""
    url_file = tmp_path / "url"
    url_file.write_text(channel.url)
    running = app.start("notify", f"--webhook-url-file={url_file}", "--status=Succeeded")
    assert channel.came.wait(30)
    os.kill(running.process.pid, number)
    if number == signal.SIGTERM:
        ended = running.wait(5)
        assert (3, "interrupted", "") == (ended.exit_code, ended.code, ended.results["outcome"])
        assert "secret-part" not in str(ended.lines)
    else:
        assert -signal.SIGKILL == running.process.wait(5)
    assert 1 == len(channel.bodies)
    channel.answers.set()
    assert (0, "sent") == ((ended := app.run("notify", f"--webhook-url-file={url_file}")).exit_code,
                           ended.results["outcome"])  # fmt: skip


def test_approve_can_be_ended_while_the_api_server_is_silent(app: LabApp) -> None:
    """3; nothing was approved."""
    app.prepared()
    app.lab.api.faults.hang(20.0, verb="patch", resource="virtualservices", name=app.name, when=app.concerns)
    app.mark()
    running = app.start("approve", "--run=one")
    app.lab.wait_for(app.writes, what="the hanging patch")
    os.kill(running.process.pid, signal.SIGTERM)
    ended = running.wait(10)
    app.lab.api.faults.clear()
    assert (3, "interrupted") == (ended.exit_code, ended.code)
    assert approval_key(app.name) not in app.virtual_service()["metadata"]["annotations"]
    assert (0, "approved") == ((again := app.run("approve", "--run=one")).exit_code, again.results["outcome"])


def test_the_id_of_a_run_is_known_however_early_the_rollout_ends(app: LabApp) -> None:
    """It is a result before the first request is answered, so that the exit handler can roll this run back."""
    for number, code in ((signal.SIGTERM, 3), (signal.SIGKILL, -signal.SIGKILL)):
        app.lab.unschedulable(app.canary)
        running = app.start("rollout", f"--image={app.image('v2')}", "--ladder=5")
        running.wait_for_event("workload.not_ready")
        os.kill(running.process.pid, number)
        ended = running.wait(10)
        app.lab.unschedulable(app.canary, "")
        run = ended.results["run"]
        assert (code, run) == (ended.exit_code, app.claim().split(":")[0])
        assert run.startswith("heard-")
        assert "rolled-back" == app.run("rollback", "--run", run).results["outcome"]
        assert "" == app.claim()


def test_a_refused_or_empty_run_has_a_clear_run_id(app: LabApp) -> None:
    """A refusal reports the id it would have had; a noop has none to roll back."""
    refused = app.run("rollout", "--image=x", "--stable=missing")
    noop = app.run("rollout", f"--image={app.image('v1')}")

    assert (4, True) == (refused.exit_code, refused.results["run"].startswith("heard-"))
    assert (0, "noop", "") == (noop.exit_code, noop.results["outcome"], noop.results["run"])
    assert "not-owner" == app.run("rollback", "--run", refused.results["run"]).results["outcome"]
