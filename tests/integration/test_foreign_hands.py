"""Somebody deletes or resizes objects during a run: it is noticed within one poll, and users end where pods answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from steps.errors import ForeignWrite, LostCanary, NotFound, PermanentError
from tests.support.fixed_evidence import FixedEvidence, GrowingEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster
from tests.support.subset_cluster import SUBSETS, SubsetCluster

pytestmark = pytest.mark.integration

CANARY = f"{APP}-canary"
EXPIRED = 700.0
ENDLESS: dict[str, Any] = {"min_seconds": 60, "poll_seconds": 0.001}
Hand = Callable[[Any], object]


def delete(world: SteppedCluster, *names: str) -> None:
    """Delete Deployments."""
    for name in names:
        world.store.delete(DEPLOYMENT, NAMESPACE, name)


def delete_namespace(world: SteppedCluster) -> None:
    """Delete all that a namespace has, as its deletion does."""
    delete(world, APP, CANARY)
    world.store.delete(VIRTUAL_SERVICE, NAMESPACE, APP)


def at_look(number: int, hand: Hand, world: SteppedCluster, ratio: float = 0.0) -> FixedEvidence:
    """Return evidence of a good canary; a hand acts at one of the looks."""
    return FixedEvidence(ratio, on_read=lambda look: hand(world) if look == number else None)


def subsets(tmp_path: Path) -> SubsetCluster:
    """Return an app with subsets, prepared."""
    world = SubsetCluster(tmp_path)
    StepProcess(world).prepare()
    return world


@pytest.mark.parametrize("left", [None, [], SUBSETS[:1]], ids=["no rule", "no subsets", "stable alone"])
@pytest.mark.parametrize("at", [1, 2])
def test_a_canary_subset_that_is_removed_returns_the_users(tmp_path: Path, left: list[Json] | None, at: int) -> None:
    """They would get 503, which no proxy counts for the canary. If stable's is gone as well, no weight helps."""
    world = subsets(tmp_path)
    reader = at_look(at, lambda it: it.define_subsets(left), world)
    with pytest.raises(ForeignWrite) as raised:
        StepProcess(world).analyze(20, reader, **ENDLESS)
    assert at == reader.reads
    is_canary_alone = left is not None and bool(left)
    assert is_canary_alone == isinstance(raised.value, LostCanary)
    assert {(100, 0) if is_canary_alone else (80, 20)} == world.weights()
    said = (
        "no DestinationRule for host shop.shop.svc.cluster.local" if left is None else "last changed by kubectl-edit at"
    )
    assert said in raised.value.cause
    assert "get 503 now. Put subset " in raised.value.cause
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert ({(100, 0)}, 0) == (world.weights(), world.canary_replicas())


def test_no_weight_is_set_on_a_subset_that_was_removed(tmp_path: Path) -> None:
    """Neither by the next step, nor by a rollout, which rolls back."""
    world = subsets(tmp_path)
    world.define_subsets(SUBSETS[:1])
    with pytest.raises(LostCanary, match="DestinationRule shop/shop has no subset canary any more"):
        StepProcess(world).set_weight(20)
    assert {(100, 0)} == world.weights()
    StepProcess(world).rollback()
    world.define_subsets(SUBSETS)
    end = StepProcess(world).rollout(at_look(1, lambda it: it.define_subsets(SUBSETS[:1]), world), "two", **ENDLESS)
    assert (4, "rolled-back", {(100, 0)}) == (end.exit_code, end.results["outcome"], world.weights())
    assert "kubectl-edit" in end.results["reason"]


def test_a_retreat_is_left_to_rollback_where_it_was_asked_for(tmp_path: Path) -> None:
    """With --on-fail exit, analyze moves nobody."""
    world = subsets(tmp_path)
    reader = at_look(1, lambda it: it.define_subsets(SUBSETS[:1]), world)
    with pytest.raises(LostCanary):
        StepProcess(world).analyze(20, reader, on_fail="exit", **ENDLESS)
    assert {(80, 20)} == world.weights()


def test_a_canary_that_is_deleted_returns_the_users_at_once(tmp_path: Path) -> None:
    """Its pods are gone within seconds, and nobody waits for the exit handler."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    reader = at_look(1, lambda it: delete(it, CANARY), world)
    with pytest.raises(NotFound, match="Deployment shop/shop-canary"):
        StepProcess(world).analyze(20, reader, **ENDLESS)
    assert (1, {(100, 0)}) == (reader.reads, world.weights())
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert {""} == world.tokens()


def test_a_rollout_whose_canary_is_deleted_rolls_back(tmp_path: Path) -> None:
    """With 4 and the object's name."""
    world = SteppedCluster(tmp_path)
    end = StepProcess(world).rollout(at_look(1, lambda it: delete(it, CANARY), world), **ENDLESS)
    assert (4, "rolled-back", {(100, 0)}) == (end.exit_code, end.results["outcome"], world.weights())
    assert "shop-canary" in end.results["reason"]


def test_a_stable_that_is_deleted_does_not_get_the_users(tmp_path: Path) -> None:
    """The canary alone can answer."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    delete(world, APP)
    with pytest.raises(PermanentError):
        StepProcess(world).rollback()
    assert {(80, 20)} == world.weights()


@pytest.mark.parametrize(
    "hand", [lambda it: it.store.delete(VIRTUAL_SERVICE, NAMESPACE, APP), delete_namespace], ids=["routes", "namespace"]
)
def test_routes_that_are_deleted_end_the_run(tmp_path: Path, hand: Hand) -> None:
    """With 4 at the next poll; rollback and sweep have nothing to do and say so."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    reader = at_look(1, hand, world)
    with pytest.raises(NotFound, match="VirtualService shop/shop"):
        StepProcess(world).analyze(20, reader, **ENDLESS)
    assert 1 == reader.reads
    with pytest.raises(NotFound, match="VirtualService shop/shop"):
        StepProcess(world).rollback()
    world.store.clock_offset_seconds += EXPIRED
    assert 0 == StepProcess(world).sweep().exit_code


@pytest.mark.parametrize("weights", [(0, 100), (50, 50)])
def test_a_person_who_sets_a_weight_is_named_within_one_look(tmp_path: Path, weights: tuple[int, int]) -> None:
    """Analyze overwrites nothing and ends with 4; rollback returns everybody and drains the canary."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()

    def set_weights(world: SteppedCluster) -> None:
        def changed(item: Json) -> Json:
            for entry, weight in zip(item["spec"]["http"][0]["route"], weights, strict=True):
                entry["weight"] = weight
            return item

        world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, changed, manager="kubectl-edit")

    reader = at_look(1, set_weights, world)
    with pytest.raises(ForeignWrite, match=r"spec\.http was last changed by kubectl-edit at"):
        StepProcess(world).analyze(20, reader, **ENDLESS)
    assert (1, {weights}) == (reader.reads, world.weights())
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert ({(100, 0)}, 0) == (world.weights(), world.canary_replicas())


def resize(world: SteppedCluster, **replicas: int) -> None:
    """Let an autoscaler write replicas."""
    for name, count in replicas.items():
        world.change(name.replace("_", "-"), replicas=count)


def test_autoscalers_that_resize_both_arms_do_not_end_a_run(tmp_path: Path) -> None:
    """Replicas are theirs, and the canary follows a stable that grows."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    world.autoscale(APP)
    world.autoscale(CANARY)
    reader = GrowingEvidence(
        world, {2: lambda: resize(world, shop=6, shop_canary=4), 5: lambda: resize(world, shop=3, shop_canary=2)}
    )
    assert 0 == StepProcess(world).analyze(20, reader, min_seconds=12, poll_seconds=0.001).exit_code
    assert 0 == StepProcess(world).promote().exit_code
    assert ("shop:2", 3, {(100, 0)}) == (world.image(APP), world.get(APP)["spec"]["replicas"], world.weights())


def test_a_stable_that_grows_during_a_rung_gives_the_canary_more_pods(tmp_path: Path) -> None:
    """Half of six pods' users need four pods, not the two of the rung's start."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    reader = GrowingEvidence(world, {3: lambda: resize(world, shop=6)})
    with capture_logs() as logged:
        assert 0 == StepProcess(world).analyze(50, reader, min_seconds=40, poll_seconds=0.001).exit_code
    assert 4 == world.canary_replicas()
    assert [4] == [line["replicas"] for line in logged if line["event"] == "canary.scaled_up" and line["replicas"] > 2]
