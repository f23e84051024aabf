"""undo of a swap: the old arm gets its pods, then all users, then the undone arm stands down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steps.actions.teardown import TeardownPolicy
from steps.claim.keys import record_key
from steps.errors import ForeignWrite, NotOwnerError, PermanentError
from tests.integration.test_kills_of_swaps import TWO
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, SERVICE, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.swaps import process_on
from tests.support.undone_swaps import PROMOTED, UNDONE, released, seen, standing_by
from tests.support.version_pair import V1, V2, VersionPair

pytestmark = pytest.mark.integration

BEFORE_USERS = 55
"""How many API calls an undo may make before the users are back, with those that look for other routes."""


@pytest.fixture
def world(tmp_path: Path) -> VersionPair:
    """Return a promoted pair."""
    return released(tmp_path)


def test_all_users_return_to_the_old_arm_and_the_undone_arm_stands_down(world: VersionPair) -> None:
    """The old arm starts from 0 pods."""
    end = process_on(world).undo(reason="checkout fails")
    assert (0, "undone") == (end.exit_code, end.results["outcome"])
    assert UNDONE == seen(world)


def test_an_undo_works_by_the_names_of_today(world: VersionPair) -> None:
    """Since the promotion the arms have the other roles, which settings or inference say."""
    world.release_to(V1)
    process_on(world).undo()
    assert UNDONE == seen(world)


def weight_patches(world: VersionPair) -> list[tuple[int, Call]]:
    """Return place and call of each write of weights."""
    return [
        (place, call) for place, call in enumerate(world.api.faults.log) if call.is_write and b"/route/" in call.body
    ]


def test_users_move_in_one_patch_of_each_virtual_service_after_a_bounded_number_of_calls(tmp_path: Path) -> None:
    """Nothing but what they need comes before it: no report, no clean-up, no pause."""
    world = released(tmp_path, TWO)
    began = len(world.api.faults.log)
    process_on(world).undo()
    moved = [(place, call) for place, call in weight_patches(world) if place >= began]
    assert sorted(TWO) == sorted(call.name for _, call in moved)
    assert UNDONE == seen(world)
    polls = sum(call.name == V1 and call.verb == "get" for call in world.api.faults.log[began : moved[-1][0]])
    assert moved[-1][0] - began - polls <= BEFORE_USERS


def test_the_old_arm_has_all_its_pods_before_the_users(world: VersionPair) -> None:
    """As many as the promoted arm has by now, which an autoscaler grew."""
    world.change(V2, replicas=4)
    world.settle(V2)
    ready: list[int] = []

    class Watched(KillPoint):
        """No kill: counts the pods at each write of weights."""

        def reached(self, call: Call, moment: object) -> bool:
            if call.is_write and b"/route/" in call.body and moment == "before":
                ready.append(world.available(V1))
            return False

    process_on(world, Watched()).undo()
    assert [4] == ready
    assert {**UNDONE, V1: ("shop:1", 4)} == seen(world)


def test_an_autoscaler_of_the_old_arm_begins_with_all_pods_up_to_its_maximum(world: VersionPair) -> None:
    """It would grow a single pod only after all users are there."""
    world.autoscale(V1)
    process_on(world).undo()
    assert UNDONE == seen(world)


def test_the_undone_arm_keeps_its_pods_where_another_route_leads_to_it(world: VersionPair) -> None:
    """Also a route that came after the promotion; it gets back the version that it had before."""
    world.add_route(V2)
    process_on(world).undo()
    found = seen(world)
    assert ({(100, 0)}, "undone", {""}) == (found["weights"], found["outcome"], found["tokens"])


def test_an_old_arm_that_somebody_deployed_to_is_refused(world: VersionPair) -> None:
    """The version before the promotion is no longer there."""
    world.set_image(V1, "shop:3")
    with pytest.raises(ForeignWrite, match=r"kubectl-edit changed the pod template of shop-v1.*Release"):
        process_on(world).undo()
    assert {**PROMOTED, V1: ("shop:3", 0)} == {name: world.summary()[name] for name in PROMOTED}


def test_an_old_arm_that_is_gone_is_refused(world: VersionPair) -> None:
    """Somebody deleted it."""
    world.store.delete(DEPLOYMENT, NAMESPACE, V1)
    with pytest.raises(PermanentError, match="shop-v1"):
        process_on(world).undo()
    assert {(0, 100)} == world.weights()


def test_users_stay_where_they_are_served_if_the_old_arm_gets_no_pods(world: VersionPair) -> None:
    """The claim stays for a second undo, which succeeds as soon as the pods start."""
    world.faulty["shop:1"] = "never-ready"
    with pytest.raises(PermanentError, match="shop-v1 has no ready pod"):
        StepProcess(world, ending=TeardownPolicy(0.3, 0.0, lambda _: None)).undo()
    assert {(0, 100)} == world.weights()
    assert 2 == world.available(V2)
    world.faulty["shop:1"] = ""
    process_on(world).undo()
    assert UNDONE == seen(world)


def test_users_stay_where_they_are_served_if_the_old_arm_is_not_behind_its_service(world: VersionPair) -> None:
    """Ready pods that the mesh does not know would answer 503."""

    def select_nothing(item: Json) -> Json:
        return {**item, "spec": {**item["spec"], "selector": {"app": "nothing"}}}

    world.store.change(SERVICE, NAMESPACE, V1, select_nothing, manager="kubectl-edit")
    with pytest.raises(PermanentError, match="no pod of Deployment shop-v1 is a ready endpoint"):
        StepProcess(world, ending=TeardownPolicy(0.3, 0.0, lambda _: None)).undo()
    assert {(0, 100)} == world.weights()


def test_a_promoted_arm_without_ready_pods_is_undone_as_well(world: VersionPair) -> None:
    """That is when people need it."""
    world.faulty["shop:2"] = "crashes"
    for _ in range(9):
        world.tick()
    process_on(world).undo()
    world.settle(V1)
    assert ({(100, 0)}, "undone") == (world.weights(), world.outcome())


def test_weights_that_people_changed_since_the_promotion_end_on_the_old_arm(world: VersionPair) -> None:
    """Its pods come first all the same."""

    def split(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], (10, 90), strict=True):
            entry["weight"] = weight
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, split, manager="kubectl-edit")
    process_on(world).undo()
    assert UNDONE == seen(world)


def test_during_the_standby_the_undo_takes_the_promote_over(tmp_path: Path) -> None:
    """The old arm still has its pods; the waiting promote ends with 7 and names the undo."""
    world = standing_by(tmp_path)
    waits: list[float] = []

    def undo_meanwhile(seconds: float) -> None:
        world.store.clock_offset_seconds += seconds
        if not waits:
            process_on(world).undo(reason="checkout fails")
        waits.append(seconds)

    with pytest.raises(NotOwnerError, match=r"undo-\w+ has undone it at .*: checkout fails"):
        StepProcess(world, ending=TeardownPolicy(5.0, 0.0, undo_meanwhile, standby_seconds=300.0)).promote()
    assert 1 == len(waits)
    assert UNDONE == seen(world)
    record = json.loads(world.annotation(record_key(APP)))
    assert ("one", "checkout fails") == (record["undoes"], record["reason"])


def test_a_broken_version_is_undone_during_the_standby(tmp_path: Path) -> None:
    """Its promotion counts although no pod of it is ready any more."""
    world = standing_by(tmp_path)
    world.faulty["shop:2"] = "crashes"
    for _ in range(9):
        world.tick()
    process_on(world).undo()
    assert ({(100, 0)}, "undone") == (world.weights(), world.outcome())


def test_a_sweep_whose_account_may_not_read_services_ends_an_undo(world: VersionPair) -> None:
    """It cannot check the endpoints, but users must not stay on a version that a person left."""
    with pytest.raises(Killed):
        process_on(world, KillPoint(4, "after")).undo()
    world.store.clock_offset_seconds += 700
    world.api.faults.deny("get", "services")
    assert 0 == process_on(world).sweep().exit_code
    assert UNDONE == seen(world)
