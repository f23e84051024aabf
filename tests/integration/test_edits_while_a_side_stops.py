"""Somebody sends users to a side while it stops: it stays up if there is time, else the users return at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.actions.teardown import TeardownPolicy
from steps.cluster.connection import USER_AGENT
from steps.errors import StillInUse
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint, Moment
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster
from tests.support.version_pair import V1, V2, VersionPair

pytestmark = pytest.mark.integration

TWO = (APP, f"{APP}-inner")
UNJUDGED = "it is the end that counts here"
SEEN = "weight.edited_at_the_end"


def share_users(world: SteppedCluster) -> None:
    """Set 50/50 on the last VirtualService, as a person does."""

    def changed(item: Json) -> Json:
        copy = deepcopy(item)
        for entry in copy["spec"]["http"][0]["route"]:
            entry["weight"] = 50
        return copy

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, world.services[-1], changed, manager="kubectl-edit")


class Meddler(KillPoint):
    """Shares the users once, before or after the first request of a kind, and kills nobody."""

    def __init__(self, world: SteppedCluster, moment: Moment, when: Callable[[Call], bool]) -> None:
        super().__init__()
        self._world, self._moment, self._when, self.has_acted = world, moment, when, False

    def reached(self, call: Call, moment: Moment) -> bool:
        """Share the users, if it is time."""
        if not self.has_acted and moment == self._moment and self._when(call):
            self.has_acted = True
            share_users(self._world)
        return False


def scales_down(call: Call) -> bool:
    """Return whether a request scales a Deployment to 0."""
    writes = json.loads(call.body) if call.verb == "patch" else []
    return any((one["path"], one.get("value")) == ("/spec/replicas", 0) for one in writes)


def takes_the_token_off(call: Call) -> bool:
    """Return whether a request ends the claim on a Deployment, which comes before the release of the routes."""
    writes = json.loads(call.body) if (call.verb, call.resource) == ("patch", "deployments") else []
    return any(one["op"] == "remove" for one in writes)


MOMENTS = [("before", scales_down), ("after", scales_down), ("after", takes_the_token_off)]
IDS = ["before-the-write", "after-the-write", "before-the-release"]


def released(world: SteppedCluster) -> SteppedCluster:
    """Return the app with a run at weight 60."""
    StepProcess(world).prepare()
    StepProcess(world).set_weight(60)
    return world


@pytest.mark.parametrize("services", [(APP,), TWO], ids=["one", "two"])
@pytest.mark.parametrize(("moment", "when"), MOMENTS, ids=IDS)
@pytest.mark.parametrize("outcome", ["rolled-back", "promoted"])
def test_users_who_were_sent_to_a_canary_that_stops_return_to_stable(
    tmp_path: Path, services: tuple[str, ...], moment: Moment, when: Callable[[Call], bool], outcome: str
) -> None:
    """No write reaches both objects, so the routes are looked at again behind it; the edit is named in the log."""
    world = released(SteppedCluster(tmp_path, services))
    meddler = Meddler(world, moment, when)
    process = StepProcess(world, meddler)
    with capture_logs() as logs:
        end = process.rollback() if outcome == "rolled-back" else process.promote(unjudged=UNJUDGED)
    assert meddler.has_acted
    assert (0, outcome) == (end.exit_code, end.results["outcome"])
    assert ({(100, 0)}, 0, {""}) == (world.weights(), world.canary_replicas(), world.tokens())
    assert {"primary 50/50"} == {one["found"] for one in logs if one["event"] == SEEN}
    service = world.store.get(VIRTUAL_SERVICE, NAMESPACE, services[-1])
    managers = [one["manager"] for one in service["metadata"]["managedFields"] if "f:spec" in one["fieldsV1"]]
    assert USER_AGENT not in managers  # else the next apply of the team meets a conflict


@pytest.mark.parametrize(("moment", "when"), MOMENTS, ids=IDS)
def test_users_who_were_sent_to_the_old_arm_of_a_swap_return_to_the_new_one(
    tmp_path: Path, moment: Moment, when: Callable[[Call], bool]
) -> None:
    """There the side that stops is the old stable."""
    world = VersionPair(tmp_path)
    released(world)
    meddler = Meddler(world, moment, when)
    StepProcess(world, meddler).promote(unjudged=UNJUDGED)
    assert meddler.has_acted
    assert ({(0, 100)}, 0, {""}) == (world.weights(), world.pods(V1), world.tokens())


@pytest.mark.parametrize("outcome", ["rolled-back", "promoted"])
def test_a_canary_that_gets_users_during_the_drain_stays_up(tmp_path: Path, outcome: str) -> None:
    """The routes are read again right before its pods would go; the claim stays for the next sweep."""
    world = released(SteppedCluster(tmp_path))

    def wait(seconds: float) -> None:
        if world.weights() == {(100, 0)}:
            share_users(world)
        world.wait(seconds)

    process = StepProcess(world, ending=TeardownPolicy(5.0, 3.0, wait))
    with pytest.raises(StillInUse, match=r"route primary of VirtualService shop/shop gives shop-canary.* weight 50"):
        process.rollback() if outcome == "rolled-back" else process.promote(unjudged=UNJUDGED)
    assert ({(50, 50)}, True) == (world.weights(), world.canary_replicas() > 0)
    world.store.clock_offset_seconds += 700
    assert 0 == StepProcess(world).sweep().exit_code
    assert ({(100, 0)}, 0, {""}) == (world.weights(), world.canary_replicas(), world.tokens())


def test_the_old_arm_of_a_swap_stays_up_when_the_new_one_is_deleted_before_it_stops(tmp_path: Path) -> None:
    """Else nobody could serve; the sweep returns all users to it."""
    world = VersionPair(tmp_path)
    released(world)

    def wait(seconds: float) -> None:
        if world.weights() == {(0, 100)} and world.store.find(DEPLOYMENT, NAMESPACE, V2) is not None:
            world.store.delete(DEPLOYMENT, NAMESPACE, V2)
        world.wait(seconds)

    process = StepProcess(world, ending=TeardownPolicy(5.0, 3.0, wait))
    with pytest.raises(StillInUse, match="Deployment shop/shop-v2, which has all users, has no ready pod"):
        process.promote(unjudged=UNJUDGED)
    assert 2 == world.available(V1)
    world.store.clock_offset_seconds += 700
    assert 0 == StepProcess(world).sweep().exit_code
    assert ({(100, 0)}, 2) == (world.weights(), world.available(V1))
