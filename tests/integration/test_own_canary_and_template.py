"""A run trusts only what it made itself: the canary that its prepare pinned, the template that its promote wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.cluster.connection import ApiResponse
from steps.errors import PermanentError
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("writes", [2, 5])
def test_no_weight_without_a_canary_of_this_run(tmp_path: Path, writes: int) -> None:
    """Prepare died after its claim: what the canary runs may be another release's."""
    world = SteppedCluster(tmp_path)
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(writes, "after")).prepare()
    for step in (lambda: StepProcess(world).set_weight(20), lambda: StepProcess(world).analyze(50)):
        with pytest.raises(PermanentError, match=r"no pinned canary: its prepare did not end.*prepare --run one"):
            step()
    assert {(100, 0)} == world.weights()


def with_policy(world: SteppedCluster) -> None:
    """Let an admission policy add an annotation to the template of each Deployment that is written."""
    answer = world.answer

    def admitting(call: Call) -> ApiResponse:
        answered = answer(call)
        if call.verb != "patch" or call.name != APP or b"/spec/template" not in call.body:
            return answered

        def add(item: Json) -> Json:
            meta = item["spec"]["template"]["metadata"]
            meta["annotations"] = {**(meta.get("annotations") or {}), "policy/checked": "yes"}
            return item

        return ApiResponse(200, world.store.change(DEPLOYMENT, NAMESPACE, APP, add, manager="canary-steps"))

    world.answer = admitting  # type: ignore[method-assign]  # the server's side of an admission policy


def test_a_template_that_a_policy_added_to_is_still_the_runs_own(tmp_path: Path) -> None:
    """A promote is repeated, and a rollback restores what was there before."""
    world = SteppedCluster(tmp_path)
    with_policy(world)
    StepProcess(world).prepare()
    StepProcess(world).analyze(60)
    kept = world.keep()
    StepProcess(world).promote()
    world.settle(APP)
    assert ("shop:2", "promoted") == (world.image(APP), world.outcome())
    world.put_back(kept)
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(5, "after")).promote()
    assert "shop:2" == world.image(APP)
    again = world.keep()
    assert "promoted" == StepProcess(world).promote().results["outcome"]
    world.put_back(again)
    assert StepProcess(world).rollback().results["outcome"] in {"rolled-back", "promoted"}
    world.settle(APP)
    assert {"rolled-back": "shop:1", "promoted": "shop:2"}[world.outcome()] == world.image(APP)
