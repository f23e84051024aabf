"""undo: after a promotion, users are back on the version before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from steps import undo
from steps.actions.teardown import TeardownPolicy
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.cluster.dry_run import DryRunCluster
from steps.errors import ForeignWrite, NotOwnerError
from steps.settings.conventions import release_names
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload
from tests.integration.test_kills import CANARY, TWO
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_connection import InProcessConnection
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint, Moment
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, EVENT, VIRTUAL_SERVICE, Json
from tests.support.release_ends import PROMOTED, RESTORED
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster
from tests.support.undone_releases import edit_record, promoted, record, release, seen

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app whose shop:2 was promoted."""
    return promoted(tmp_path)


@dataclass
class DeployedMeanwhile(KillPoint):
    """No kill: somebody deploys shop:3 after the first write."""

    world: SteppedCluster | None = None

    def reached(self, call: Call, moment: Moment) -> bool:
        """Deploy once, and never end the process."""
        if super().reached(call, moment):
            assert self.world is not None
            self.world.set_image(APP, "shop:3")
        return False


def test_users_are_back_on_the_version_before_the_promotion(world: SteppedCluster) -> None:
    """The record says what was undone, by which run and why."""
    end = StepProcess(world).undo(reason="checkout fails")
    assert (0, "undone", "run one was undone: checkout fails") == (end.exit_code, *end.results.values())
    assert RESTORED == seen(world)
    kept = record(world)
    assert ("undone", "one", "checkout fails") == (kept["outcome"], kept["undoes"], kept["reason"])
    assert kept["run"].startswith("undo-")


def test_the_app_that_people_deploy_to_keeps_its_template_in_the_target_named_topology(tmp_path: Path) -> None:
    """Only the serving Deployment goes back."""
    world = SteppedCluster(tmp_path)
    world.create(DEPLOYMENT, deployment(CANARY, "shop:2", 1))
    world.settle(CANARY)
    release(world, image="", topology="target-named", stable=APP, canary=CANARY)
    StepProcess(world).undo(topology="target-named", stable=APP, canary=CANARY)
    assert (RESTORED, "shop:2") == (seen(world), world.image(CANARY))


def test_every_virtual_service_of_the_release_is_claimed_and_released(tmp_path: Path) -> None:
    """Also by the promoted run's own names where the settings name only the first."""
    world = SteppedCluster(tmp_path, TWO)
    release(world)
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(4, "after")).undo(virtual_service=APP)
    assert 1 == len({world.annotation(claim_key(APP), VIRTUAL_SERVICE, name) for name in TWO})
    StepProcess(world).undo(virtual_service=APP)
    assert RESTORED == seen(world)


def test_an_autoscaler_may_have_resized_stable(world: SteppedCluster) -> None:
    """Its number of pods stays."""
    world.change(APP, replicas=4)
    world.settle(APP)
    StepProcess(world).undo()
    assert {**RESTORED, "stable pods": 4} == seen(world)


def test_a_restart_of_the_promoted_version_does_not_prevent_an_undo(world: SteppedCluster) -> None:
    """It is the same version."""
    template = world.get(APP)["spec"]["template"]
    template["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "2026-01-01"
    world.change(APP, template=template)
    world.settle(APP)
    StepProcess(world).undo()
    assert RESTORED == seen(world)


def test_an_undo_does_not_need_the_canary(world: SteppedCluster) -> None:
    """Somebody tidied up."""
    world.store.delete(DEPLOYMENT, NAMESPACE, CANARY)
    StepProcess(world).undo()
    assert RESTORED == seen(world)


def test_a_crashing_promoted_version_is_undone(world: SteppedCluster) -> None:
    """No pod of stable is ready, which is why users need the undo."""
    world.faulty["shop:2"] = "crashes"
    for _ in range(9):
        world.tick()
    StepProcess(world).undo()
    assert RESTORED == seen(world)


def test_a_canary_that_has_weight_loses_it(world: SteppedCluster) -> None:
    """People set it by hand after the promotion; the undo promises all users the old version, and says so."""

    def split(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], (70, 30), strict=True):
            entry["weight"] = weight
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, split, manager="kubectl-edit")
    with capture_logs() as lines:
        StepProcess(world).undo()
    assert [30] == [line["weight"] for line in lines if line["event"] == "undo.canary_has_weight"]
    assert RESTORED == seen(world)


def test_a_template_that_changes_after_the_checks_is_left_as_it_is(world: SteppedCluster) -> None:
    """The undo ends as refused, and its claim is gone."""
    deployed = DeployedMeanwhile(1, "after", world=world)
    with pytest.raises(ForeignWrite, match="Run undo again"):
        StepProcess(world, deployed).undo()
    assert {**PROMOTED, "stable": "shop:3"} == seen(world)
    assert "rolled-back" == world.outcome()


def test_a_release_that_was_rolled_back_leaves_the_promotion_to_be_undone(world: SteppedCluster) -> None:
    """Users still have what was promoted before it."""
    StepProcess(world).prepare("two", "shop:3")
    StepProcess(world).rollback("two")
    assert ("rolled-back", "one") == (world.outcome(), record(world)["promotion"]["run"])
    StepProcess(world).undo()
    assert RESTORED == seen(world)


def test_after_an_undo_the_next_release_starts_as_usual(world: SteppedCluster) -> None:
    """And can be undone in turn, back to the version that the first undo restored."""
    StepProcess(world).undo()
    release(world, "two", "shop:3")
    assert {**PROMOTED, "stable": "shop:3"} == seen(world)
    StepProcess(world).undo()
    assert RESTORED == seen(world)


def half_promoted(world: SteppedCluster, at_write: int) -> None:
    """Promote shop:3 and die at a write."""
    StepProcess(world).prepare("two", "shop:3")
    StepProcess(world).analyze(60, run="two")
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(at_write, "after")).promote("two")


@pytest.mark.parametrize("at_write", [1, 2, 3, 4])
def test_a_promote_that_has_only_begun_is_undone_and_not_the_promotion_before_it(
    world: SteppedCluster, at_write: int
) -> None:
    """Users keep what they had before it, wherever it stands."""
    half_promoted(world, at_write)
    StepProcess(world).undo()
    assert ({**RESTORED, "stable": "shop:2"}, "two") == (seen(world), record(world)["undoes"])


def test_a_promote_that_waits_at_its_end_is_taken_over(world: SteppedCluster) -> None:
    """Users go back to the version before that promotion, and the waiting promote ends with 7 and names the undo."""
    half_promoted(world, 4)
    world.settle(APP)
    assert "shop:3" == world.image(APP)
    with pytest.raises(Killed):  # between the takeover and the restored template
        StepProcess(world, KillPoint(5, "after")).undo(reason="checkout fails")
    with pytest.raises(NotOwnerError, match=r"undo-\w+.*checkout fails"):
        StepProcess(world).promote("two")
    StepProcess(world).undo()
    assert {**RESTORED, "stable": "shop:2"} == seen(world)
    assert ("undone", "two", "checkout fails") == tuple(record(world)[name] for name in ("outcome", "undoes", "reason"))
    with pytest.raises(NotOwnerError, match=r"was undone at .* by undo-\w+: checkout fails"):
        StepProcess(world).promote("two")


def test_report_shows_what_an_undo_reverted(world: SteppedCluster) -> None:
    """By the id of the undone run, too."""
    StepProcess(world).undo(reason="checkout fails")
    for run in ("", "one", record(world)["run"]):
        text = StepProcess(world).report(run=run)
        assert ("undone" in text, "undoes   run one" in text, "checkout fails" in text) == (True, True, True), run


@pytest.mark.parametrize("outcome", ["promoted", "rolled-back"])
def test_a_record_cut_down_to_its_limit_can_still_be_undone(world: SteppedCluster, outcome: str) -> None:
    """Without the names of routes, which the destinations lead to as well."""

    def cut(kept: dict[str, Any]) -> None:
        kept["outcome"] = outcome
        kept["promotion"]["state"]["targets"] = {name: [] for name in kept["promotion"]["state"]["targets"]}

    edit_record(world, cut)
    StepProcess(world).undo()
    assert RESTORED == seen(world)


def test_a_dry_run_shows_the_writes_and_makes_none(world: SteppedCluster) -> None:
    """It waits for nothing either."""
    before, kept = len(world.api.faults.writes()), world.summary()
    cluster = DryRunCluster(InProcessConnection(world, KillPoint()))
    workload = Workload(cluster, claim_key(APP))
    settings = undo.Settings.model_validate({"app": APP, "dry_run": True})
    ending = TeardownPolicy(5.0, 5.0, lambda _: None)
    names = release_names(settings, NAMESPACE)
    end = undo.run(settings, names, Traffic(cluster, Claims(cluster)), workload, ending, lambda _: {})
    assert "undone" == end.results["outcome"]
    assert {"patch Deployment shop/shop", "patch VirtualService shop/shop"} <= set(cluster.planned_writes)
    assert (before, kept) == (len(world.api.faults.writes()), world.summary())


def test_an_undo_writes_events(world: SteppedCluster) -> None:
    """`kubectl describe virtualservice` shows them."""
    StepProcess(world).undo(reason="checkout fails")
    said = [item["message"] for item in world.store.list(EVENT, NAMESPACE)]
    assert any("claimed shop/shop to undo one" in message for message in said)
    assert any("ended, undone: checkout fails" in message for message in said)


def test_an_undo_during_a_bake_takes_the_run_over(tmp_path: Path) -> None:
    """The promote that judges on ends with 7 and names the undo."""
    world = BakedShop(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).analyze(60)
    with pytest.raises(NotOwnerError, match=r"undo-\w+ has undone it at .*: checkout fails"):
        StepProcess(world).promote(bake=FixedEvidence(0.0))
    assert RESTORED == seen(world)


class BakedShop(SteppedCluster):
    """An app for which a person undoes the promotion while it bakes."""

    has_undone = False

    def wait(self, seconds: float) -> None:
        """Undo once, in the first wait of the bake."""
        super().wait(seconds)
        if not self.has_undone:
            self.has_undone = True
            StepProcess(self).undo(reason="checkout fails")
