"""Before its first write, prepare looks around an app as doctor does: all problems at once, and warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import structlog

from steps.cluster.connection import ApiResponse
from steps.errors import PermanentError
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, SERVICE, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

CANARY = f"{APP}-canary"


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app."""
    return SteppedCluster(tmp_path)


def with_foreign_pods(world: SteppedCluster) -> None:
    """Put a Deployment of another name behind stable's Service."""
    labels = {"matchLabels": {"app": APP, "tier": "batch"}}
    batch = deployment("batch", "shop:1", 1, selector=labels)
    batch["spec"]["template"]["metadata"]["labels"] = dict(labels["matchLabels"])
    world.create(DEPLOYMENT, batch)


def with_weight_at_rest(world: SteppedCluster) -> None:
    """Give the canary 10 %."""

    def change(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], (90, 10), strict=True):
            entry["weight"] = weight
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, change, manager="kubectl-edit")


def with_tester_route(world: SteppedCluster) -> None:
    """Lead a header to the canary alone."""
    tester = {
        "name": "testers",
        "match": [{"headers": {"x-tester": {"exact": "yes"}}}],
        "route": [{"destination": {"host": CANARY}}],
    }

    def change(item: Json) -> Json:
        item["spec"]["http"].insert(0, tester)
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, change, manager="kubectl-edit")


def refusal(world: SteppedCluster, **more: Any) -> str:
    """Return what a prepare says that must be refused before its first write."""
    with pytest.raises(PermanentError) as found:
        StepProcess(world).prepare(**more)
    assert [] == world.api.faults.writes()
    return str(found.value)


def test_all_problems_are_named_in_one_error_with_their_first_remedies(world: SteppedCluster) -> None:
    """Not the first alone: a person corrects all of them before the second attempt."""
    with_foreign_pods(world)
    with_weight_at_rest(world)
    said = refusal(world)
    assert "2 problems are in the way of the release" in said
    parts = ["1. Service shop/shop: ", "Deployment batch", "2. VirtualService shop/shop: ", "Remedy: --at-rest reset"]
    assert [] == [part for part in parts if part not in said], said


def test_the_refusal_of_a_check_of_prepare_has_the_other_problems_too(world: SteppedCluster) -> None:
    """And the same problem is not named twice."""
    with_foreign_pods(world)
    world.change(APP, strategy={"type": "Recreate"})
    world.settle(APP)
    said = refusal(world)
    assert 1 == said.count("spec.strategy.type is Recreate"), said
    assert "Another problem is in the way of the release:\n1. Service shop/shop: " in said


def test_a_single_problem_is_not_numbered(world: SteppedCluster) -> None:
    """It reads as one sentence and its remedy."""
    with_foreign_pods(world)
    assert refusal(world).startswith("While looking around app shop: Service shop/shop: destination shop sends")


def test_warnings_are_logged_with_a_remedy_and_the_release_goes_on(world: SteppedCluster) -> None:
    """A route to the canary alone shows the unjudged version at weight 0, and answers 503 after the run."""
    with_tester_route(world)
    with structlog.testing.capture_logs() as logs:
        assert "ready" == StepProcess(world).prepare().results["outcome"]
    warnings = [entry for entry in logs if entry["event"] == "prepare.warning"]
    (found,) = [entry for entry in warnings if "testers" in str(entry.get("detail"))]
    assert "before it is judged" in found["detail"]
    assert found["remedy"].startswith("kubectl patch virtualservices.networking.istio.io shop")


def test_what_may_not_be_listed_is_named_in_one_line_and_the_release_goes_on(
    world: SteppedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks of it are skipped; doctor prints the commands that allow them."""
    answer = world.answer

    def limited(call: Call) -> ApiResponse:
        is_forbidden = call.verb == "list" and call.resource in {"deployments", "virtualservices"}
        return ApiResponse(403, {"message": "may not list"}) if is_forbidden else answer(call)

    monkeypatch.setattr(world, "answer", limited)
    with structlog.testing.capture_logs() as logs:
        assert "ready" == StepProcess(world).prepare().results["outcome"]
    (found,) = [entry for entry in logs if entry["event"] == "prepare.unseen"]
    assert {"virtualservices in all namespaces", "deployments in shop"} <= set(found["lists"])


def test_the_present_weight_of_the_own_run_is_not_a_problem(world: SteppedCluster) -> None:
    """A prepare that is repeated after the first rung."""
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    assert "ready" == StepProcess(world).prepare().results["outcome"]


def test_the_look_around_lists_each_kind_at_most_twice(world: SteppedCluster) -> None:
    """No read for each object: prepare stays fast in a large namespace."""
    for number in range(30):
        name = f"other-{number}"
        world.create(
            SERVICE, {"metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}}
        )
    StepProcess(world).prepare()
    lists = [call.resource for call in world.api.faults.log if call.verb == "list"]
    assert [] == [one for one in ("services", "destinationrules", "statefulsets") if lists.count(one) > 2]
    named = [call for call in world.api.faults.log if call.verb == "get" and call.name.startswith("other-")]
    assert [] == named
    assert len(world.api.faults.log) < 150, len(world.api.faults.log)


def test_pods_of_the_canary_behind_another_route_are_kept_and_get_their_old_version_back(
    world: SteppedCluster,
) -> None:
    """The clone of an earlier release serves testers: they are neither left without pods nor on a rejected version."""
    clone = deployment(CANARY, "shop:1", 1)
    clone["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "canary-steps"}
    world.create(DEPLOYMENT, clone)
    world.settle(CANARY)
    with_tester_route(world)
    StepProcess(world).prepare()
    StepProcess(world).rollback()
    world.settle(CANARY)
    assert ("shop:1", 1) == (world.image(CANARY), world.canary_replicas())
