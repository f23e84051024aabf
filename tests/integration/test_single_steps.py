"""Steps in other pipelines: without a claim they work by names alone and respect whoever has one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steps.errors import NotFound, NotOwnerError, PermanentError, SettingsError
from tests.integration.clockwork import APP, Clockwork, Witness
from tests.lab.embedded.api.kinds import SERVICE, VIRTUAL_SERVICE
from tests.unit.workload.paper import NAMESPACE

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> Clockwork:
    """Return a cluster in which nothing is released."""
    return Clockwork(tmp_path)


@pytest.fixture
def claimed(world: Clockwork) -> Clockwork:
    """Return it with a run at weight 20."""
    world.process().prepare()
    world.process().set_weight(20)
    return world


def metadata(world: Clockwork) -> dict[str, Any]:
    """Return what of ours would stand on the VirtualService."""
    found = world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)["metadata"]
    return {"annotations": found.get("annotations"), "labels": found.get("labels")}


def test_a_weight_can_be_set_by_names_alone(world: Clockwork) -> None:
    """And back; nothing but the weights is written."""
    before = metadata(world)
    assert {"weight": "30", "previous-weight": "0"} == world.process().set_weight(30, run="").results
    assert {(70, 30)} == world.weights()
    assert {"weight": "0", "previous-weight": "30"} == world.process().set_weight(0, run="").results
    assert ({(100, 0)}, before) == (world.weights(), metadata(world))


def test_a_weight_that_is_set_already_is_not_written(world: Clockwork) -> None:
    """States what should be."""
    world.process().set_weight(30, run="")
    again = world.process()
    assert "30" == again.set_weight(30, run="").results["previous-weight"]
    assert 0 == again.fate.writes


@pytest.mark.parametrize("later", [0, 700], ids=["alive", "expired"])
def test_a_weight_that_a_claim_owns_is_refused(claimed: Clockwork, later: float) -> None:
    """7 while it lives, and after it expired too: only who restores stable may."""
    claimed.store.clock_offset_seconds += later
    stranger = claimed.process()
    with pytest.raises(NotOwnerError, match="run one"):
        stranger.set_weight(90, run="")
    assert (0, {(80, 20)}) == (stranger.fate.writes, claimed.weights())


@pytest.mark.parametrize(("bad_ratio", "exit_code"), [(0.0, 0), (1.0, 5)])
def test_a_read_only_judgement_writes_nothing(claimed: Clockwork, bad_ratio: float, exit_code: int) -> None:
    """Not even where a claim lives and the canary fails: its owner retreats."""
    reader = claimed.process()
    end = reader.analyze(None, Witness(bad_ratio), run="", poll_seconds=0.005)
    assert (exit_code, 0) == (end.exit_code, reader.fate.writes)
    assert {(80, 20)} == claimed.weights()


@pytest.mark.parametrize("more", [{"weight": 10}, {"weight": None, "hold": True}])
def test_a_read_only_judgement_sets_no_weight_and_holds_no_gate(world: Clockwork, more: dict[str, Any]) -> None:
    """Both need a claim: 2, before anything is asked."""
    with pytest.raises(SettingsError, match="needs --run"):
        world.process().analyze(run="", **more)


def test_on_fail_exit_leaves_the_retreat_to_others(claimed: Clockwork) -> None:
    """A judgement under a claim may be read-only too."""
    end = claimed.process().analyze(None, Witness(1.0), on_fail="exit")
    assert (5, {(80, 20)}) == (end.exit_code, claimed.weights())


@pytest.mark.parametrize("step", ["set_weight", "analyze", "promote"])
def test_a_run_without_a_claim_goes_nowhere(world: Clockwork, step: str) -> None:
    """7: it was released, taken over, or never began."""
    process = world.process()
    with pytest.raises(NotOwnerError):
        getattr(process, step)(run="gone")
    assert 0 == process.fate.writes


def test_a_rollback_without_a_claim_is_no_failure(world: Clockwork) -> None:
    """An exit handler runs always."""
    process = world.process()
    assert ("not-owner", 0) == (process.rollback("gone").results["outcome"], process.fate.writes)


def test_a_running_release_can_be_reported(claimed: Clockwork) -> None:
    """By anybody who may read the VirtualService."""
    reader = claimed.process()
    text = reader.report()
    assert "shop/shop  run one  walking" in text
    assert "still running" in text
    assert "20 % at " in text
    body = json.loads(reader.report("json"))
    assert (1, "walking", 20) == (body["version"], body["state"], body["weights"][-1][1])
    assert 0 == reader.fate.writes


@pytest.mark.parametrize(
    ("step", "state", "verdict"), [("promote", "promoted", "pass"), ("rollback", "rolled-back", "")]
)
def test_a_finished_release_can_be_reported(claimed: Clockwork, step: str, state: str, verdict: str) -> None:
    """From the record that it left."""
    if step == "promote":
        claimed.process().analyze(None)
    getattr(claimed.process(), step)()
    body = json.loads(claimed.process().report("json"))
    assert (state, verdict, "one") == (body["state"], body["verdict"], body["run"])
    assert body["ended"] >= body["started"] > 0
    assert [20, 0] == [weight for _, weight in body["weights"]]
    assert f"run one  {state}" in claimed.process().report()


def test_an_app_without_any_release_has_no_report(world: Clockwork) -> None:
    """4, with what to check."""
    with pytest.raises(NotFound, match=r"has no release of shop\. Check --app"):
        world.process().report()


def test_a_report_of_one_run_never_tells_of_another(claimed: Clockwork) -> None:
    """While it goes on and after its end; a run that never began, or had nothing to do, is not known."""
    assert "run one  walking" in claimed.process().report(run="one")
    with pytest.raises(NotFound, match=r"has no release of shop"):
        claimed.process().report(run="two")
    claimed.process().rollback()
    assert "run one  rolled-back" in claimed.process().report(run="one")
    with pytest.raises(NotFound, match=r"no run two of shop: .* The last one is one: rolled-back"):
        claimed.process().report(run="two")
    claimed.process().prepare(run="two")
    assert "run one  rolled-back" in claimed.process().report(run="one")
    assert "run two  prepared" in claimed.process().report()


def test_a_first_weight_needs_endpoints_behind_the_canary(world: Clockwork) -> None:
    """Somebody changed its Service since prepare: no user is sent there, and the way out is named."""
    world.process().prepare()

    def change(item: dict[str, Any]) -> dict[str, Any]:
        ports = [{"port": 80, "name": "http", "targetPort": "web"}]
        return {**item, "spec": {**item["spec"], "ports": ports}}

    world.store.change(SERVICE, NAMESPACE, f"{APP}-canary", change)
    with pytest.raises(
        PermanentError, match=r"endpoints of Service shop/shop-canary: after 5 s no pod of Deployment shop"
    ):
        world.process().set_weight(20)
    assert {(100, 0)} == world.weights()
