"""SIGTERM leaves traffic as it is and reports that; after SIGTERM and after SIGKILL the next rollback ends the run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Literal

import pytest

from steps.__main__ import find
from tests.integration.conftest import deploy_to
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support.step_run import RunningStep, StepResult

pytestmark = pytest.mark.integration
NO_NODE = "workload.not_ready"


@pytest.fixture(scope="module")
def deployed(shared_lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> LabApp:
    """Return an app that all tests here release in turn."""
    return deploy_to(shared_lab, "ended", tmp_path_factory.mktemp("ended"))


@pytest.fixture
def app(deployed: LabApp) -> Iterator[LabApp]:
    """Return it, and after a test check that one rollback brings everything back."""
    yield deployed
    deployed.lab.api.faults.clear()
    deployed.stop_steps()
    ended = deployed.run("rollback", "--run", "one")
    # Not before: a promotion whose last pods found a node would be complete, and the rollback would finish it.
    for workload in (deployed.name, deployed.canary):
        deployed.lab.unschedulable(workload, "")
    assert 0 == ended.exit_code, ended.lines
    deployed.lab.wait_until_rolled_out(deployed.name)
    assert ((100, 0), "") == (deployed.weights(), deployed.claim())
    assert deployed.image("v1") == deployed.running_image()
    assert 0 == deployed.deployment(deployed.canary)["spec"]["replicas"]


def terminated(app: LabApp, running: RunningStep, weights: tuple[int, int]) -> StepResult:
    """Send SIGTERM and check everything that is promised for it."""
    token = app.claim()
    os.kill(running.process.pid, signal.SIGTERM)
    ended = running.wait(10)
    assert (3, "interrupted") == (ended.exit_code, ended.code), ended.lines
    assert "received SIGTERM. Traffic stays as it is" in ended.error
    assert set(find(ended.closing["step"]).results) == set(ended.results)
    assert (weights, token) == (app.weights(), app.claim())
    assert token.startswith("one:")
    return ended


def test_prepare_that_waits_for_its_canary_can_be_ended(app: LabApp) -> None:
    """The claim stays for the rollback."""
    app.lab.unschedulable(app.canary)
    running = app.start("prepare", "--run", "one", "--image", app.image("v2"))
    running.wait_for_event(NO_NODE)
    ended = terminated(app, running, (100, 0))
    assert {"", "one"} == set(ended.results.values())


def test_set_weight_that_waits_for_pods_can_be_ended(app: LabApp) -> None:
    """The weight was not set yet, and is not set now."""
    app.prepared()
    app.lab.unschedulable(app.canary)
    running = app.start("set-weight", "--run", "one", "--weight", "100")
    running.wait_for_event(NO_NODE)
    terminated(app, running, (100, 0))


def test_analyze_can_be_ended_while_it_judges(app: LabApp) -> None:
    """Nothing was judged, so the canary keeps its weight; the reason names the signal."""
    app.prepared()
    running = app.start("analyze", "--run", "one", "--weight", "10")
    running.wait_for_event("judge.looked")
    ended = terminated(app, running, (90, 10))
    assert ("", ended.error) == (ended.results["verdict"], ended.results["reason"])


def test_promote_can_be_ended_while_stable_rolls_out(app: LabApp) -> None:
    """Halfway: the canary keeps its weight, and the rollback gives stable its old template."""
    app.prepared()
    app.run("set-weight", "--run", "one", "--weight", "10")
    app.lab.unschedulable(app.name)
    running = app.start("promote", "--run", "one", "--unjudged", "it is the promote that counts here")
    running.wait_for_event(NO_NODE)
    terminated(app, running, (90, 10))
    assert app.image("v2") == app.running_image()


def test_rollback_can_be_ended_while_it_drains(app: LabApp) -> None:
    """Users are on stable by then; the canary's end is left to the next rollback."""
    app.prepared()
    app.run("set-weight", "--run", "one", "--weight", "10")
    running = app.start("rollback", "--run", "one", "--drain-seconds", "60")
    running.wait_for_event("weight.retreated")
    terminated(app, running, (100, 0))


def test_rollout_can_be_ended_on_a_rung(app: LabApp) -> None:
    """It does not roll back by itself: that is for the user who ended it to decide."""
    running = app.start("rollout", "--run", "one", "--image", app.image("v2"), "--ladder", "7,50")
    running.wait_for_event("judge.looked")
    terminated(app, running, (93, 7))


def prepare(app: LabApp) -> tuple[str, ...]:
    """Return how the first step is started."""
    return "prepare", "--image", app.image("v2")


def rung(app: LabApp) -> tuple[str, ...]:
    """Prepare, and return how a rung is started."""
    app.prepared()
    return "analyze", "--weight", "100"


def rollback(app: LabApp) -> tuple[str, ...]:
    """Get to weight 10, and return how the rollback is started."""
    app.prepared()
    app.run("set-weight", "--run", "one", "--weight", "10")
    return ("rollback",)


@pytest.mark.parametrize(
    ("way", "resource", "number", "moment"),
    [
        (prepare, "deployments", 2, "after"),
        (rung, "virtualservices", 1, "after"),
        (rollback, "virtualservices", 1, "after"),
        (rollback, "deployments", 1, "before"),
    ],
    ids=["prepare", "analyze", "rollback-weight", "rollback-canary"],
)
def test_a_real_process_may_be_killed(
    app: LabApp,
    way: Callable[[LabApp], tuple[str, ...]],
    resource: str,
    number: int,
    moment: Literal["before", "after"],
) -> None:
    """SIGKILL at a write whose answer is never read: test_kills holds for real processes, too."""
    step, *flags = way(app)
    started: list[RunningStep] = []
    app.lab.api.faults.on_write(
        number,
        lambda _: started[0].stop(),
        moment=moment,
        only=lambda call: app.concerns(call) and call.resource == resource,
    )
    started.append(app.start(step, "--run", "one", *flags))
    assert -signal.SIGKILL == started[0].process.wait(30)
    assert app.claim().startswith("one:")
