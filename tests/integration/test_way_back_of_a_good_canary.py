"""A run that stops without a fail returns its users as stable can take them; a canary that failed goes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.actions.teardown import TeardownPolicy
from steps.cluster.connection import ApiResponse
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with a run at weight 80, whose stable an autoscaler has shrunk meanwhile."""
    made = SteppedCluster(tmp_path)
    StepProcess(made).prepare()
    StepProcess(made).set_weight(80)
    made.change(APP, replicas=1)
    made.settle(APP)
    return made


class Steps:
    """What the weight was at each pause with users on the canary; stable gets its second pod after some of them."""

    def __init__(self, world: SteppedCluster, grows_after: int) -> None:
        self.world, self.grows_after, self.canary = world, grows_after, list[int]()

    def pause(self, seconds: float) -> None:
        """Note the weight, and let time pass."""
        ((_, canary),) = self.world.weights()
        if canary:
            self.canary.append(canary)
        if len(self.canary) == self.grows_after:
            self.world.change(APP, replicas=2)
            self.world.settle(APP)
        self.world.wait(seconds)

    def process(self) -> StepProcess:
        """Return a process that pauses so."""
        return StepProcess(self.world, ending=TeardownPolicy(5.0, 0.0, self.pause))


def test_a_stopped_run_returns_its_weight_by_halves_until_stable_has_its_pods(world: SteppedCluster) -> None:
    """80 percent at once would be too many for one pod."""
    steps = Steps(world, grows_after=2)
    assert "rolled-back" == steps.process().rollback().results["outcome"]
    assert [40, 20] == steps.canary
    assert ({(100, 0)}, 0) == (world.weights(), world.canary_replicas())


def test_a_stable_that_never_grows_gets_all_users_in_the_end(world: SteppedCluster) -> None:
    """Within a minute or so."""
    steps = Steps(world, grows_after=99)
    assert "rolled-back" == steps.process().rollback().results["outcome"]
    assert [40, 20, 10, 5, 2, 1] == steps.canary
    assert {(100, 0)} == world.weights()


def test_a_failed_canary_goes_at_once(world: SteppedCluster) -> None:
    """Its verdict is in the claim, even where analyze moved nobody."""
    StepProcess(world).analyze(80, FixedEvidence(1.0), on_fail="exit")
    steps = Steps(world, grows_after=99)
    steps.process().rollback()
    assert ([], {(100, 0)}) == (steps.canary, world.weights())


def test_a_canary_with_a_pod_that_cannot_serve_goes_at_once(world: SteppedCluster) -> None:
    """Half of its users would fail meanwhile."""
    world.unschedulable = "0/1 nodes are available"
    world.change(f"{APP}-canary", replicas=9)
    world.tick()
    steps = Steps(world, grows_after=99)
    steps.process().rollback()
    assert ([], {(100, 0)}) == (steps.canary, world.weights())


def test_deployments_that_cannot_be_read_delay_nobody(world: SteppedCluster) -> None:
    """The users are back with the first write."""
    asked = world.answer
    hidden = [True]

    def answer(call: Call) -> ApiResponse:
        is_hidden = hidden[0] and call.resource == "deployments"
        hidden[0] = hidden[0] and not (call.is_write and call.resource == "virtualservices")
        return ApiResponse(403, {"message": "deployments.apps is forbidden"}) if is_hidden else asked(call)

    world.answer = answer  # type: ignore[method-assign] # the server's side of a lost permission
    steps = Steps(world, grows_after=99)
    steps.process().rollback()
    assert ([], {(100, 0)}) == (steps.canary, world.weights())


def test_weights_of_another_hand_are_not_eased(world: SteppedCluster) -> None:
    """Nobody knows what these users are there for; they return at once."""

    def changed(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], (0, 100), strict=True):
            entry["weight"] = weight
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, changed, manager="kubectl-edit")
    steps = Steps(world, grows_after=99)
    assert "rolled-back" == steps.process().rollback().results["outcome"]
    assert ([], {(100, 0)}) == (steps.canary, world.weights())
