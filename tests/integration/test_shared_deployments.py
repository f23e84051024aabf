"""Two claims on one pair of Deployments: the second waits, and a dead one never takes a living one's pods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from steps.claim.errors import ClaimHeld, DeploymentHeld
from steps.claim.keys import claim_key, state_key
from steps.cluster.connection import ApiResponse
from steps.model.run import HOLDER_KEY
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint, Moment
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

PUBLIC, INNER = APP, f"{APP}-inner"
CANARY = f"{APP}-canary"
OURS = (claim_key(APP), HOLDER_KEY)


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with two VirtualServices, and a run at weight 20 on the public one."""
    world = SteppedCluster(tmp_path, (PUBLIC, INNER))
    StepProcess(world).prepare(virtual_service=PUBLIC)
    StepProcess(world).analyze(20, virtual_service=PUBLIC)
    return world


def weight(world: SteppedCluster, name: str) -> int:
    """Return the canary's weight."""
    return int(world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)["spec"]["http"][0]["route"][1]["weight"])


def without(*keys: str) -> Callable[[Json], Json]:
    """Return a change that removes annotations."""

    def change(item: Json) -> Json:
        for key in keys:
            item["metadata"]["annotations"].pop(key, None)
        return item

    return change


def held(world: SteppedCluster, name: str = APP) -> tuple[str, str]:
    """Return token and holder on a Deployment."""
    token, holder = (world.annotation(key, DEPLOYMENT, name) for key in OURS)
    return token, holder


def test_a_second_release_of_the_same_pair_waits(world: SteppedCluster) -> None:
    """By another VirtualService; nothing is written, and the living run goes on."""
    before = [world.get(name) for name in (APP, CANARY)]
    with pytest.raises(ClaimHeld, match=r"claiming Deployment shop/shop for two: run one of shop owns it") as busy:
        StepProcess(world).prepare("two", "shop:3", virtual_service=INNER)
    assert 7 == busy.value.exit_code
    assert before == [world.get(name) for name in (APP, CANARY)]
    assert "" == world.annotation(claim_key(APP), name=INNER)
    assert "promoted" == StepProcess(world).promote(unjudged="it passed", virtual_service=PUBLIC).results["outcome"]
    assert 0 == StepProcess(world).prepare("two", "shop:3", virtual_service=INNER).exit_code


def test_a_second_release_may_supersede_the_first(world: SteppedCluster) -> None:
    """The users of the first one are back before the pods change."""
    StepProcess(world).prepare("two", "shop:3", virtual_service=INNER, on_busy="supersede")
    assert (0, "rolled-back", "") == (weight(world, PUBLIC), world.outcome(), world.annotation(claim_key(APP)))
    assert ("two:1:prepared", f"{APP} {NAMESPACE}/{INNER}") == held(world)


def test_a_dead_release_is_cleaned_up_by_the_second(world: SteppedCluster) -> None:
    """Although it has another VirtualService."""
    world.store.clock_offset_seconds += 700
    StepProcess(world).prepare("two", "shop:3", virtual_service=INNER)
    assert (0, "rolled-back", "") == (weight(world, PUBLIC), world.outcome(), world.annotation(claim_key(APP)))
    assert ("two:1:prepared", f"{APP} {NAMESPACE}/{INNER}") == held(world)


@pytest.mark.parametrize("gone", ["annotations", "object"])
def test_a_holder_whose_claim_is_gone_is_not_in_the_way(world: SteppedCluster, gone: str) -> None:
    """A person took the claim over by hand, or deleted the VirtualService: the next release removes what is left."""
    if gone == "object":
        world.store.delete(VIRTUAL_SERVICE, NAMESPACE, PUBLIC)
    else:
        world.store.change(VIRTUAL_SERVICE, NAMESPACE, PUBLIC, without(claim_key(APP), state_key(APP)))
    StepProcess(world).prepare("two", "shop:3", virtual_service=INNER)
    assert ("two:2:prepared", f"{APP} {NAMESPACE}/{INNER}") == held(world)
    StepProcess(world).rollback("two", virtual_service=INNER)
    assert {("", "")} == {held(world, name) for name in (APP, CANARY)}


def test_of_two_that_find_the_pair_free_one_gives_its_claim_back(tmp_path: Path) -> None:
    """The other one claims its VirtualService and the Deployments in between."""
    world = SteppedCluster(tmp_path, (PUBLIC, INNER))

    class Overtaken(KillPoint):
        """No kill: the other run prepares after the first write."""

        def reached(self, call: Call, moment: Moment) -> bool:
            """Prepare the other run once."""
            if super().reached(call, moment) and self.writes == 1 and moment == "after":
                self.at_write = 0
                StepProcess(world).prepare("two", "shop:3", virtual_service=INNER)
            return False

    with pytest.raises(ClaimHeld, match="run two of shop owns it"):
        StepProcess(world, Overtaken(1, "after")).prepare(virtual_service=PUBLIC)
    assert "" == world.annotation(claim_key(APP), name=PUBLIC)
    assert ("two:1:prepared", f"{APP} {NAMESPACE}/{INNER}") == held(world)


def test_the_sweep_of_a_dead_run_leaves_the_pods_of_a_living_one(world: SteppedCluster) -> None:
    """An older image let both claim the same pair: users of the dead one go back, the other keeps its canary."""
    token = world.annotation(claim_key(APP), DEPLOYMENT, CANARY).replace("one:1", "two:5")
    for name in (APP, CANARY):
        world.mark(name, claim_key(APP), token)
        world.mark(name, HOLDER_KEY, f"{APP} {NAMESPACE}/{INNER}")
    before = world.get(CANARY)["spec"]
    world.store.clock_offset_seconds += 700
    end = StepProcess(world).sweep()
    assert (4, 0, before) == (end.exit_code, weight(world, PUBLIC), world.get(CANARY)["spec"])
    assert f"it carries the token {token}" in str(end.summary["error"])
    assert "" == world.annotation(claim_key(APP))


@pytest.mark.parametrize("lives", [True, False])
def test_the_token_of_an_older_image_counts_while_its_claim_exists(world: SteppedCluster, *, lives: bool) -> None:
    """It names no holder, so the VirtualServices of the namespace are looked through."""
    for name in (APP, CANARY):
        world.store.change(DEPLOYMENT, NAMESPACE, name, without(HOLDER_KEY))
    if lives:
        with pytest.raises(ClaimHeld, match="run one of shop owns it"):
            StepProcess(world).prepare("two", "shop:3", virtual_service=INNER)
        world.store.clock_offset_seconds += 700
        assert 0 == StepProcess(world).sweep().exit_code
        assert (("", ""), 0) == (held(world, CANARY), world.canary_replicas())
        return
    world.store.change(VIRTUAL_SERVICE, NAMESPACE, PUBLIC, without(claim_key(APP), state_key(APP)))
    StepProcess(world).prepare("two", "shop:3", virtual_service=INNER)
    assert ("two:2:prepared", f"{APP} {NAMESPACE}/{INNER}") == held(world)


def test_a_holder_that_this_account_may_not_read_is_waited_for(
    world: SteppedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sentence says where the claim is, and how to remove the token if that run is over."""
    answer = world.answer

    def refusing(call: Call) -> ApiResponse:
        is_hidden = call.name == PUBLIC and call.resource == "virtualservices"
        return ApiResponse(403, {"message": "forbidden"}) if is_hidden else answer(call)

    monkeypatch.setattr(world, "answer", refusing)
    with pytest.raises(DeploymentHeld, match=r"VirtualService shop/shop, and this account may not look") as busy:
        StepProcess(world).prepare("two", "shop:3", virtual_service=INNER)
    assert (7, "busy") == (busy.value.exit_code, busy.value.reason)
    assert "kubectl annotate deployment -n shop shop canary-steps.io/claim.shop-" in busy.value.cause
