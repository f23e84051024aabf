"""A token on a Deployment that nobody can read: a step of a run ends with 4, sweep and rollback --any-run repair it."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.claim.errors import ClaimCorrupt
from steps.claim.keys import claim_key
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import EVENT
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

CANARY = f"{APP}-canary"
REMEDY = f"kubectl annotate deployment -n {NAMESPACE} {CANARY} canary-steps.io/claim.{APP}-"


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return a cluster with a run at weight 20, whose canary somebody annotated by hand."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    world.mark(CANARY, claim_key(APP), "mine")
    return world


def events(world: SteppedCluster) -> list[str]:
    """Return the reasons of all Events."""
    return [event["reason"] for event in world.store.list(EVENT, NAMESPACE)]


def test_a_run_ends_with_4_and_the_remedy(world: SteppedCluster) -> None:
    """Its rollback puts the users on stable first, and keeps the claim until the token is removed."""
    with pytest.raises(ClaimCorrupt, match=REMEDY) as refused:
        StepProcess(world).set_weight(50)
    assert (4, "unreadable-claim") == (refused.value.exit_code, refused.value.reason)

    with pytest.raises(ClaimCorrupt, match=REMEDY):
        StepProcess(world).rollback()
    assert {(100, 0)} == world.weights()
    assert "mine" in world.tokens()


def test_a_new_run_ends_with_4_before_it_claims_anything(world: SteppedCluster) -> None:
    """A token that was left on a free Deployment says nothing about the epochs it has seen."""
    StepProcess(world).rollback(any_run=True)
    world.mark(CANARY, claim_key(APP), "mine")
    before = world.annotation(claim_key(APP))
    with pytest.raises(ClaimCorrupt, match=REMEDY):
        StepProcess(world).prepare(run="two", image="shop:3")
    assert ("", "") == (before, world.annotation(claim_key(APP)))


@pytest.mark.parametrize("step", ["rollback", "sweep"])
def test_a_repair_replaces_it_and_reports_that(
    world: SteppedCluster, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing stays but the record."""
    if step == "sweep":
        world.store.clock_offset_seconds += 700
        StepProcess(world).sweep()
    else:
        StepProcess(world).rollback(any_run=True)
    assert ({(100, 0)}, {""}, "rolled-back") == (world.weights(), world.tokens(), world.outcome())
    assert "TokenRepaired" in events(world)
    assert "claim.token_repaired" in capsys.readouterr().out
