"""Steps in other pipelines: without a claim they need only names, and they respect claims of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steps.errors import NotFound, NotOwnerError, PermanentError, SettingsError
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import SERVICE, VIRTUAL_SERVICE
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return a cluster without a run."""
    return SteppedCluster(tmp_path)


@pytest.fixture
def claimed(world: SteppedCluster) -> SteppedCluster:
    """Return it with a run at weight 20."""
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    return world


def metadata(world: SteppedCluster) -> dict[str, Any]:
    """Return our annotations and labels on the VirtualService."""
    found = world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)["metadata"]
    return {"annotations": found.get("annotations"), "labels": found.get("labels")}


def test_a_weight_can_be_set_without_a_claim(world: SteppedCluster) -> None:
    """And set back; only the weights are written."""
    before = metadata(world)
    assert {"weight": "30", "previous-weight": "0"} == StepProcess(world).set_weight(30, run="").results
    assert {(70, 30)} == world.weights()
    assert {"weight": "0", "previous-weight": "30"} == StepProcess(world).set_weight(0, run="").results
    assert ({(100, 0)}, before) == (world.weights(), metadata(world))


def test_a_weight_that_is_set_already_is_not_written(world: SteppedCluster) -> None:
    """The step is idempotent."""
    StepProcess(world).set_weight(30, run="")
    again = StepProcess(world)
    assert "30" == again.set_weight(30, run="").results["previous-weight"]
    assert 0 == again.kill_point.writes


@pytest.mark.parametrize("later", [0, 700], ids=["alive", "expired"])
def test_a_weight_that_a_claim_owns_is_refused(claimed: SteppedCluster, later: float) -> None:
    """Exit 7, even after it expired: only steps that restore stable may write."""
    claimed.store.clock_offset_seconds += later
    stranger = StepProcess(claimed)
    with pytest.raises(NotOwnerError, match="run one"):
        stranger.set_weight(90, run="")
    assert (0, {(80, 20)}) == (stranger.kill_point.writes, claimed.weights())


@pytest.mark.parametrize(("bad_ratio", "exit_code"), [(0.0, 0), (1.0, 5)])
def test_a_read_only_judgement_writes_nothing(claimed: SteppedCluster, bad_ratio: float, exit_code: int) -> None:
    """Not even if there is a claim and the canary fails: its owner retreats."""
    reader = StepProcess(claimed)
    end = reader.analyze(None, FixedEvidence(bad_ratio), run="", poll_seconds=0.005)
    assert (exit_code, 0) == (end.exit_code, reader.kill_point.writes)
    assert {(80, 20)} == claimed.weights()


@pytest.mark.parametrize("more", [{"weight": 10}, {"weight": None, "hold": True}])
def test_a_read_only_judgement_sets_no_weight_and_holds_no_gate(world: SteppedCluster, more: dict[str, Any]) -> None:
    """Both need a claim: exit 2, before the first request."""
    with pytest.raises(SettingsError, match="needs --run"):
        StepProcess(world).analyze(run="", **more)


def test_on_fail_exit_leaves_the_retreat_to_others(claimed: SteppedCluster) -> None:
    """A judgement under a claim may be read-only too."""
    end = StepProcess(claimed).analyze(None, FixedEvidence(1.0), on_fail="exit")
    assert (5, {(80, 20)}) == (end.exit_code, claimed.weights())


@pytest.mark.parametrize("step", ["set_weight", "analyze", "promote"])
def test_a_run_without_a_claim_is_refused(world: SteppedCluster, step: str) -> None:
    """Exit 7: it was released, taken over, or never began."""
    process = StepProcess(world)
    with pytest.raises(NotOwnerError):
        getattr(process, step)(run="gone")
    assert 0 == process.kill_point.writes


def test_a_rollback_without_a_claim_succeeds(world: SteppedCluster) -> None:
    """An exit handler always runs."""
    process = StepProcess(world)
    assert ("not-owner", 0) == (process.rollback("gone").results["outcome"], process.kill_point.writes)


def test_a_running_release_can_be_reported(claimed: SteppedCluster) -> None:
    """By anybody who may read the VirtualService."""
    reader = StepProcess(claimed)
    text = reader.report()
    assert "shop/shop  run one  walking" in text
    assert "still running" in text
    assert "20 % at " in text
    body = json.loads(reader.report("json"))
    assert (1, "walking", 20) == (body["version"], body["state"], body["weights"][-1][1])
    assert 0 == reader.kill_point.writes


@pytest.mark.parametrize(
    ("step", "state", "verdict"), [("promote", "promoted", "pass"), ("rollback", "rolled-back", "")]
)
def test_a_finished_release_can_be_reported(claimed: SteppedCluster, step: str, state: str, verdict: str) -> None:
    """From its record."""
    if step == "promote":
        StepProcess(claimed).analyze(None)
    getattr(StepProcess(claimed), step)()
    body = json.loads(StepProcess(claimed).report("json"))
    assert (state, verdict, "one") == (body["state"], body["verdict"], body["run"])
    assert body["ended"] >= body["started"] > 0
    assert [20, 0] == [weight for _, weight in body["weights"]]
    assert f"run one  {state}" in StepProcess(claimed).report()


def test_an_app_without_any_release_has_no_report(world: SteppedCluster) -> None:
    """Exit 4, with what to check."""
    with pytest.raises(NotFound, match=r"has no release of shop\. Check --app"):
        StepProcess(world).report()


def test_a_report_of_one_run_never_shows_another(claimed: SteppedCluster) -> None:
    """Neither during the run nor after its end; a run that never began, or had nothing to do, is unknown."""
    assert "run one  walking" in StepProcess(claimed).report(run="one")
    with pytest.raises(NotFound, match=r"has no release of shop"):
        StepProcess(claimed).report(run="two")
    StepProcess(claimed).rollback()
    assert "run one  rolled-back" in StepProcess(claimed).report(run="one")
    with pytest.raises(NotFound, match=r"no run two of shop: .* The last one is one: rolled-back"):
        StepProcess(claimed).report(run="two")
    StepProcess(claimed).prepare(run="two")
    assert "run one  rolled-back" in StepProcess(claimed).report(run="one")
    assert "run two  prepared" in StepProcess(claimed).report()


def test_a_first_weight_needs_endpoints_behind_the_canary(world: SteppedCluster) -> None:
    """If its Service changed since prepare, no user is sent there, and the remedy is named."""
    StepProcess(world).prepare()

    def change(item: dict[str, Any]) -> dict[str, Any]:
        ports = [{"port": 80, "name": "http", "targetPort": "web"}]
        return {**item, "spec": {**item["spec"], "ports": ports}}

    world.store.change(SERVICE, NAMESPACE, f"{APP}-canary", change)
    with pytest.raises(
        PermanentError, match=r"endpoints of Service shop/shop-canary: after 5 s no pod of Deployment shop"
    ):
        StepProcess(world).set_weight(20)
    assert {(100, 0)} == world.weights()
