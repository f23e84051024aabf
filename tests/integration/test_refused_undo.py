"""What cannot be undone is refused with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.claim.errors import ClaimHeld
from steps.errors import ForeignWrite, NotOwnerError, PermanentError
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import REPLICA_SET
from tests.support.release_ends import PROMOTED, RESTORED
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster
from tests.support.undone_releases import edit_record, promoted, record, seen

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app whose shop:2 was promoted."""
    return promoted(tmp_path)


def test_a_foreign_template_is_refused_with_its_manager(world: SteppedCluster) -> None:
    """An undo would remove that change as well."""
    world.set_image(APP, "shop:3")
    world.settle(APP)
    with pytest.raises(ForeignWrite, match="kubectl-edit changed its pod template") as refused:
        StepProcess(world).undo()
    assert "kubectl rollout undo deployment/shop -n shop --to-revision=N" in str(refused.value)
    assert {**PROMOTED, "stable": "shop:3"} == seen(world)


def test_a_version_whose_replica_set_is_gone_is_refused(world: SteppedCluster) -> None:
    """The remedy names the field that keeps it the next time."""
    for item in world.store.list(REPLICA_SET, NAMESPACE):
        if item["metadata"]["name"] == record(world)["promotion"]["state"]["workloads"]["stable_replica_set"]:
            world.store.delete(REPLICA_SET, NAMESPACE, item["metadata"]["name"])
    before = len(world.api.faults.writes())
    with pytest.raises(PermanentError, match="revisionHistoryLimit"):
        StepProcess(world).undo()
    assert before == len(world.api.faults.writes())
    assert PROMOTED == seen(world)


def test_the_record_of_an_older_image_is_refused(world: SteppedCluster) -> None:
    """It does not say what the version before was."""
    edit_record(world, lambda kept: kept.pop("promotion"))
    with pytest.raises(PermanentError, match=r"an older image .* wrote it.*canary-steps rollout --app shop"):
        StepProcess(world).undo()


@pytest.mark.parametrize("damage", [None, 7, "x", [], {}, {"run": "one", "ended": 1, "state": {"started": "x"}}])
def test_a_damaged_record_is_refused(world: SteppedCluster, damage: object) -> None:
    """As the record of an older image is; it can still be reported."""
    edit_record(world, lambda kept: kept.update(promotion=damage))
    with pytest.raises(PermanentError, match="does not say what an undo needs"):
        StepProcess(world).undo()
    assert "promoted" in StepProcess(world).report()


def test_an_app_without_a_record_is_refused(tmp_path: Path) -> None:
    """It never had a release."""
    with pytest.raises(PermanentError, match="has no record of a release"):
        StepProcess(SteppedCluster(tmp_path)).undo()


def test_an_app_that_was_never_promoted_is_refused(tmp_path: Path) -> None:
    """Its only release was rolled back."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).rollback()
    with pytest.raises(PermanentError, match=r"ended rolled-back at .*, and no promotion before it is known"):
        StepProcess(world).undo()


def test_a_second_undo_is_refused(world: SteppedCluster) -> None:
    """It must not undo the promotion before that one."""
    StepProcess(world).undo()
    with pytest.raises(PermanentError, match=r"run one was already undone at .* by undo-.*use rollout"):
        StepProcess(world).undo()
    assert RESTORED == seen(world)


def test_a_second_undo_that_names_the_run_succeeds(world: SteppedCluster) -> None:
    """So an engine may repeat it, even after a kill behind its last write."""
    StepProcess(world).undo(run="one")
    asked = StepProcess(world).undo(run="one")
    assert (0, "undone") == (asked.exit_code, asked.results["outcome"])
    with pytest.raises(PermanentError, match="already undone"):
        StepProcess(world).undo(run="two")


def test_another_run_than_the_last_promoted_is_refused(world: SteppedCluster) -> None:
    """The named run is the one that a person looked at."""
    with pytest.raises(PermanentError, match="the last promoted run is one"):
        StepProcess(world).undo(run="zero")
    assert PROMOTED == seen(world)


@pytest.mark.parametrize("weight", [0, 20])
def test_a_living_next_release_has_to_be_rolled_back_first(world: SteppedCluster, weight: int) -> None:
    """The refusal has the line to copy, and after that line the undo works."""
    StepProcess(world).prepare("two", "shop:3")
    StepProcess(world).set_weight(weight, "two")
    with pytest.raises(ClaimHeld, match=r"canary-steps rollback --app shop .*--any-run") as refused:
        StepProcess(world).undo()
    assert (7, "--on-busy" in str(refused.value)) == (refused.value.exit_code, False)
    StepProcess(world).rollback("", any_run=True)
    StepProcess(world).undo()
    assert RESTORED == seen(world)


def test_a_dead_next_release_has_to_be_rolled_back_first(world: SteppedCluster) -> None:
    """Nobody knows whether its end or the promotion before it is meant."""
    StepProcess(world).prepare("two", "shop:3")
    world.store.clock_offset_seconds += 700
    with pytest.raises(NotOwnerError, match=r"left its claim in phase prepared.*roll it back first"):
        StepProcess(world).undo()


def test_a_rollback_under_way_has_to_end_first(world: SteppedCluster) -> None:
    """It is not an undo, so its run was not promoted."""
    StepProcess(world).prepare("two", "shop:3")
    StepProcess(world).set_weight(run="two")
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(2, "after")).rollback("two")
    with pytest.raises(ClaimHeld, match=r"phase rolling-back.*roll it back first"):
        StepProcess(world).undo()


def test_a_template_from_git_is_refused_with_the_way_in_git(tmp_path: Path) -> None:
    """Git would write the promoted version again."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare(template_by="external")
    StepProcess(world).analyze(60)
    world.set_image(APP, "shop:2")
    world.settle(APP)
    StepProcess(world).promote(template_by="external")
    with pytest.raises(PermanentError, match="git revert COMMIT"):
        StepProcess(world).undo()
    assert PROMOTED == seen(world)


def test_rollback_of_a_promoted_run_names_undo(world: SteppedCluster) -> None:
    """It does nothing, as before, but says what would."""
    with capture_logs() as lines:
        assert "not-owner" == StepProcess(world).rollback("one").results["outcome"]
    detail = next(line["detail"] for line in lines if line["event"] == "rollback.not_owner")
    assert "canary-steps undo --app shop --namespace shop --virtual-service shop/shop" in detail
