"""Users of a failed canary go back to stable before anything else is done, and whatever else fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.cluster.connection import ApiResponse
from steps.errors import Forbidden
from steps.traffic.retreat import WeightHeld
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with a run at weight 20."""
    made = SteppedCluster(tmp_path)
    StepProcess(made).prepare()
    StepProcess(made).set_weight(20)
    return made


def hide_deployments(world: SteppedCluster, name: str = "") -> None:
    """Remove the permission to read Deployments, all or one."""
    asked: Callable[[Call], ApiResponse] = world.answer

    def answer(call: Call) -> ApiResponse:
        is_hidden = call.resource == "deployments" and call.verb == "get" and name in {"", call.name}
        return ApiResponse(403, {"message": "deployments.apps is forbidden"}) if is_hidden else asked(call)

    world.answer = answer  # type: ignore[method-assign]  # the server's side of a lost permission


def test_a_fail_moves_the_users_back_even_if_deployments_cannot_be_read(world: SteppedCluster) -> None:
    """It is unknown whether stable is ready, but the canary does fail. The verdict stays "fail"."""
    with capture_logs() as logged:
        end = StepProcess(world).analyze(20, FixedEvidence(1.0, lambda _: hide_deployments(world)))

    assert (5, "fail", {(100, 0)}) == (end.exit_code, end.results["verdict"], world.weights())
    assert {"readiness.unknown", "retreat.unmarked"} <= {line["event"] for line in logged}


def test_a_rollback_moves_the_users_back_before_it_fails(world: SteppedCluster) -> None:
    """It keeps the claim for the next rollback."""
    hide_deployments(world)
    with pytest.raises(Forbidden, match="Deployment shop/shop"):
        StepProcess(world).rollback()

    assert {(100, 0)} == world.weights()
    assert "one:1:rolling-back" in world.tokens()


def test_users_stay_while_stable_surely_has_no_pods_and_the_canary_cannot_be_asked(world: SteppedCluster) -> None:
    """An answer about one side is not thrown away because the other one cannot be read."""

    def lose_both(_: float) -> None:
        world.store.delete(DEPLOYMENT, NAMESPACE, APP)
        hide_deployments(world, f"{APP}-canary")

    with pytest.raises(WeightHeld, match="stable Deployment shop/shop has no ready pod, but the canary may have one"):
        StepProcess(world).analyze(20, FixedEvidence(1.0, lose_both))

    assert {(80, 20)} == world.weights()


def test_a_fail_moves_the_users_back_before_it_is_logged(world: SteppedCluster, tmp_path: Path) -> None:
    """Log, recording and progress file come later: a slow disk keeps no user on a failing canary."""
    progress = tmp_path / "progress"
    with capture_logs() as logged:
        StepProcess(world).analyze(20, FixedEvidence(1.0), progress_file=str(progress))
    events = [line["event"] for line in logged]

    assert events.index("weight.retreated") < events.index("judge.looked")
    assert progress.exists()
