"""Annotations are a stranger's input: whatever they say, a sweep writes only what the claim's own run had marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steps.claim.keys import state_key
from steps.errors import PermanentError
from steps.model.run import HOLDER_KEY
from tests.support.forged_claims import EVIL, deploy_elsewhere, forge, forged_state, spec_of
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import REPLICA_SET, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

SYSTEM = "kube-system"
CANARY = f"{APP}-canary"
COREDNS = ("coredns", "coredns")
FAR = "{}.{}.svc.cluster.local"


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with a living run at weight 20, and an app of somebody else in another namespace."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    deploy_elsewhere(world, SYSTEM, "coredns")
    return world


def arms(stable: str, canary: str) -> Json:
    """Return the destinations of a state."""
    return {"stable": {"host": stable}, "canary": {"host": canary}}


def weights_of_stranger(world: SteppedCluster) -> list[int]:
    """Return the weights of the stranger's route."""
    found = world.store.get(VIRTUAL_SERVICE, EVIL, EVIL)["spec"]["http"][0]["route"]
    return [entry["weight"] for entry in found]


def replica_set(world: SteppedCluster, namespace: str, owner: str) -> str:
    """Return the name of a Deployment's ReplicaSet."""
    (found,) = [one for one in world.store.list(REPLICA_SET, namespace) if one["metadata"]["name"].startswith(owner)]
    return str(found["metadata"]["name"])


def swept(world: SteppedCluster) -> Json:
    """Sweep all namespaces; return the exit code and what was said."""
    end = StepProcess(world).sweep(None)
    return {"code": end.exit_code, "error": str(end.summary.get("error", ""))}


SIMILAR = ("one:1:promoting", "one:7:walking", "two:2:rolling-back")
RARE = ("walking", "rolling-back")
NAMED: dict[str, dict[str, Any]] = {
    "both arms": {},
    "a swap": {"workloads": {"topology": "swap", "stable_replicas": 9}},
    "a swap that was promoted": {
        "weights": [[1.0, 100]], "workloads": {"topology": "swap", "promoting_since": 1.0},
        "pin": {"replica_set": "x", "template_hash": "x", "digests": {}},
    },
    "an undo": {"undoes": "zero", "weights": []},
    "an arm that is kept at a size": {
        "workloads": {"topology": "target-named", "kept": {"coredns": "it must"}, "canary_replicas": 50},
    },
    "a baseline": {"workloads": {"baseline": "coredns"}},
}  # fmt: skip


@pytest.mark.parametrize("named", NAMED)
@pytest.mark.parametrize("far", [pytest.param(False, marks=pytest.mark.full), True], ids=["near", "far"])
@pytest.mark.parametrize("phase", [*(pytest.param(one, marks=pytest.mark.full) for one in RARE), "promoting"])
def test_a_claim_that_names_deployments_of_others_moves_none_of_them(
    world: SteppedCluster, named: str, phase: str, *, far: bool
) -> None:
    """Also where its own routes lead into their namespace."""
    hosts = (FAR.format("coredns", SYSTEM), FAR.format("coredns-canary", SYSTEM)) if far else (APP, CANARY)
    before = spec_of(world, SYSTEM, "coredns")
    forge(world, forged_state(SYSTEM, COREDNS, **NAMED[named], **arms(*hosts)), f"one:1:{phase}", hosts)
    swept(world)

    assert before == spec_of(world, SYSTEM, "coredns")


def test_a_run_that_goes_on_marks_no_deployment_that_only_the_annotation_names(world: SteppedCluster) -> None:
    """Somebody changed the names in a living run's state: prepare compares them with what it found itself."""
    before = spec_of(world, SYSTEM, "coredns")

    def rename(item: Json) -> Json:
        state = json.loads(item["metadata"]["annotations"][state_key(APP)])
        state["workloads"] |= {"namespace": SYSTEM, "stable": "coredns", "canary": "coredns"}
        item["metadata"]["annotations"][state_key(APP)] = json.dumps(state)
        return item

    StepProcess(world).rollback()
    StepProcess(world).prepare(run="two")
    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, rename, manager="kubectl-annotate")
    began = len(world.api.faults.log)
    with pytest.raises(PermanentError):
        StepProcess(world).prepare(run="two")
    assert before == spec_of(world, SYSTEM, "coredns")
    calls = world.api.faults.log[began:]
    assert [] == [call for call in calls if call.is_write and call.namespace == SYSTEM]


def test_a_claim_out_of_reach_ends_with_a_sentence(world: SteppedCluster) -> None:
    """Exit 4, once: the stranger's own users are on his stable, and his claim is gone."""
    forge(world, forged_state(SYSTEM, COREDNS), "one:1:walking")
    found = swept(world)
    assert 4 == found["code"]
    assert "Deployment kube-system/coredns was left as it is" in found["error"]
    assert [100, 0] == weights_of_stranger(world)
    assert {"code": 0, "error": ""} == swept(world)


@pytest.mark.parametrize("token", ["one:1:walking", *(pytest.param(one, marks=pytest.mark.full) for one in SIMILAR)])
def test_a_claim_with_the_token_of_a_living_run_takes_nothing_of_it(world: SteppedCluster, token: str) -> None:
    """The holder on the Deployment is another VirtualService, whatever the token says."""
    hosts = (FAR.format(APP, NAMESPACE), FAR.format(CANARY, NAMESPACE))
    marks = [spec_of(world, name=name) for name in (APP, CANARY)]
    forge(world, forged_state(NAMESPACE, (APP, CANARY), app=APP, **arms(*hosts)), token, hosts)
    found = swept(world)

    assert (4, marks) == (found["code"], [spec_of(world, name=name) for name in (APP, CANARY)])
    assert {(80, 20)} == world.weights()
    assert 0 == StepProcess(world).set_weight(50).exit_code


def test_virtual_services_of_others_that_a_claim_lists_are_not_written(world: SteppedCluster) -> None:
    """They must carry the same token themselves; that an undo claims the rest of its own does not open them."""
    before = world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)
    targets = {f"{EVIL}/{EVIL}": ["primary"], f"{NAMESPACE}/{APP}": ["primary"]}
    hosts = (FAR.format(CANARY, NAMESPACE), FAR.format(APP, NAMESPACE))
    for undoes in ("", "zero"):
        state = forged_state(NAMESPACE, (APP, CANARY), app=APP, targets=targets, undoes=undoes, **arms(*hosts))
        forge(world, state, "one:1:walking", hosts)
        swept(world)
        world.store.delete(VIRTUAL_SERVICE, EVIL, EVIL)
    assert before == world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)


def test_a_replica_set_of_another_app_is_never_restored(world: SteppedCluster) -> None:
    """Somebody who may annotate his own VirtualService names another app's ReplicaSet as his old version."""
    deploy_elsewhere(world, NAMESPACE, "till")
    other = replica_set(world, NAMESPACE, "till")

    def edit(item: Json) -> Json:
        state = json.loads(item["metadata"]["annotations"][state_key(APP)])
        state["workloads"] |= {"stable_replica_set": other, "stable_template_hash": "0" * 16}
        state["workloads"] |= {"promoted_template_hash": fingerprint}
        item["metadata"]["annotations"][state_key(APP)] = json.dumps(state)
        return item

    fingerprint = json.loads(world.annotation(state_key(APP)))["workloads"]["stable_template_hash"]
    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, edit)
    before = world.get(APP)["spec"]["template"]
    world.store.clock_offset_seconds += 700
    found = swept(world)
    assert (4, before, {(100, 0)}) == (found["code"], world.get(APP)["spec"]["template"], world.weights())
    assert "is gone, or is another Deployment's" in found["error"]


@pytest.mark.parametrize(
    "writes", [pytest.param(1, marks=pytest.mark.full), 2, pytest.param(3, marks=pytest.mark.full)]
)
def test_a_prepare_that_died_before_it_marked_the_deployments_leaves_nothing_to_restore(
    tmp_path: Path, writes: int
) -> None:
    """The sweep ends its claim with 0; a canary that people run is not scaled down."""
    world = SteppedCluster(tmp_path)
    deploy_elsewhere(world, NAMESPACE, CANARY)
    named: dict[str, object] = {"topology": "target-named", "stable": APP, "canary": CANARY, "image": "shop:2"}
    before = [spec_of(world, name=name)["spec"] for name in (APP, CANARY)]
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(writes, "after")).prepare(**named)  # type: ignore[arg-type]  # as they come
    assert all(HOLDER_KEY not in spec_of(world, name=name)["annotations"] for name in (APP, CANARY))
    world.store.clock_offset_seconds += 700
    assert 0 == swept(world)["code"]
    assert before == [spec_of(world, name=name)["spec"] for name in (APP, CANARY)]
    assert {""} == world.tokens()


@pytest.mark.parametrize(("phase", "more"), [("walking", {}), ("rolling-back", {"undoes": "r0"})])
def test_a_sweep_writes_no_virtual_service_that_only_a_stranger_names(
    world: SteppedCluster, phase: str, more: Json
) -> None:
    """Else his claim would leave a record there, whose epoch is so high that the app could not be released again."""
    StepProcess(world).rollback()
    state = forged_state(NAMESPACE, (APP, CANARY), **more)
    state["targets"][f"{NAMESPACE}/{APP}"] = ["primary"]
    state["app"] = APP
    if not more:
        del state["workloads"]
    forge(world, state, f"one:999999999998:{phase}")
    before = world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)
    swept(world)
    assert before == world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)
