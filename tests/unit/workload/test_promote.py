"""Promote copies the judged template, verifies the digests, and can be undone from any point."""

from contextlib import suppress

import pytest

from steps.errors import ForeignWrite, PermanentError, TemporaryError
from steps.model.run import Pin, WorkloadState
from steps.model.workload import UndoResult
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import REPLICA_SET
from tests.support.shop_release import NAMESPACE, TOKEN, release, renew

Walked = tuple[WorkloadState, Pin]


@pytest.fixture
def walked(cluster: FakeCluster, workload: Workload) -> Walked:
    """Return a run whose canary of shop:2 is ready and pinned."""
    memory = prepared(cluster, workload)
    return memory, workload.pin(memory)


def test_pin_has_replica_set_template_and_digests(cluster: FakeCluster, walked: Walked) -> None:
    """A tag does not identify an image."""
    _, pin = walked

    assert {"app": f"sha256:{'2' * 64}"} == pin.digests
    assert pin.replica_set.startswith("shop-canary-")


def test_promote_rolls_the_template_out(cluster: FakeCluster, workload: Workload, walked: Walked) -> None:
    """Stable keeps its own labels and selector, and everything else comes from the canary."""
    memory, pin = walked
    workload.promote_template(memory, pin, TOKEN, 10, renew)

    template = cluster.get("shop")["spec"]["template"]
    assert {"app": "shop", "team": "till"} == template["metadata"]["labels"]
    assert "shop:2" == cluster.image("shop")
    assert workload.is_promoted(memory, pin)


def test_promoting_twice_changes_nothing(cluster: FakeCluster, workload: Workload, walked: Walked) -> None:
    """The step is level-based."""
    memory, pin = walked
    workload.promote_template(memory, pin, TOKEN, 10, renew)
    generation = cluster.get("shop")["metadata"]["generation"]
    workload.promote_template(memory, pin, TOKEN, 10, renew)

    assert generation == cluster.get("shop")["metadata"]["generation"]


def test_restart_of_stable_in_between_is_kept(cluster: FakeCluster, workload: Workload, walked: Walked) -> None:
    """`kubectl rollout restart` is not a foreign template and is not undone."""
    memory, pin = walked
    template = cluster.get("shop")["spec"]["template"]
    template["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "2026-01-01T00:00:00Z"
    cluster.change("shop", template=template)
    workload.promote_template(memory, pin, TOKEN, 10, renew)

    annotations = cluster.get("shop")["spec"]["template"]["metadata"]["annotations"]
    assert "2026-01-01T00:00:00Z" == annotations["kubectl.kubernetes.io/restartedAt"]


def test_changed_canary_is_not_promoted(cluster: FakeCluster, workload: Workload, walked: Walked) -> None:
    """What runs now was not judged."""
    memory, pin = walked
    cluster.push("shop:3", "3" * 64)
    cluster.set_image("shop-canary", "shop:3")

    with pytest.raises(ForeignWrite, match="kubectl-edit changed its pod template in the meantime"):
        workload.promote_template(memory, pin, TOKEN, 10, renew)
    assert "shop:1" == cluster.image("shop")


def test_restarted_canary_is_not_promoted(cluster: FakeCluster, workload: Workload, walked: Walked) -> None:
    """It has another ReplicaSet: these pods were not judged."""
    memory, pin = walked
    template = cluster.get("shop-canary")["spec"]["template"]
    template["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "2026-01-01T00:00:00Z"
    cluster.change("shop-canary", template=template)
    cluster.settle("shop-canary")

    with pytest.raises(ForeignWrite, match="its pods were restarted"):
        workload.check_pin(memory, pin)


def test_foreign_template_on_stable_is_not_overwritten(
    cluster: FakeCluster, workload: Workload, walked: Walked
) -> None:
    """Neither by promote nor by the undo; the last writer is named."""
    memory, pin = walked
    cluster.push("shop:hot", "f" * 64)
    cluster.set_image("shop", "shop:hot")

    with pytest.raises(ForeignWrite, match="kubectl-edit changed its pod template after the run began"):
        workload.promote_template(memory, pin, TOKEN, 10, renew)
    assert UndoResult.FOREIGN == workload.undo_promote(memory, pin, TOKEN, 10, renew)
    assert "shop:hot" == cluster.image("shop")


def test_a_tag_with_another_digest_is_undone(cluster: FakeCluster, workload: Workload) -> None:
    """The tag moved between the canary's pull and stable's."""
    cluster.always_pull("shop", "shop:1")
    cluster.push("shop:latest", "4" * 64)
    memory = prepared(cluster, workload, release(image="shop:latest"))
    pin = workload.pin(memory)
    cluster.push("shop:latest", "5" * 64)

    with pytest.raises(PermanentError, match="the tag points to another digest now: container app has sha256:5555"):
        workload.promote_template(memory, pin, TOKEN, 10, renew)
    cluster.settle("shop")
    assert "shop:1" == cluster.image("shop")


def test_incomplete_promote_is_undone(cluster: FakeCluster, workload: Workload, walked: Walked) -> None:
    """Stable's old template comes back from its ReplicaSet and becomes ready."""
    memory, pin = walked
    cluster.faulty["shop:2"] = "never-ready"
    with pytest.raises(TemporaryError, match=r"1 of an older template|2 of an older template"):
        workload.promote_template(memory, pin, TOKEN, 0.5, renew)

    assert UndoResult.RESTORED == workload.undo_promote(memory, pin, TOKEN, 10, renew)
    assert UndoResult.UNTOUCHED == workload.undo_promote(memory, pin, TOKEN, 10, renew)
    assert memory.stable_template_hash == workload.preflight(release()).state.stable_template_hash
    assert (True, False) == (workload.ready_arms(memory)[0], workload.is_promoted(memory, pin))


def test_undo_without_history_says_so(cluster: FakeCluster, workload: Workload, walked: Walked) -> None:
    """Nothing is guessed if the old ReplicaSet is gone."""
    memory, pin = walked
    workload.promote_template(memory, pin, TOKEN, 10, renew)
    cluster.store.delete(REPLICA_SET, NAMESPACE, memory.stable_replica_set)

    with pytest.raises(PermanentError, match=r"raise spec\.revisionHistoryLimit"):
        workload.undo_promote(memory, pin, TOKEN, 10, renew)


def test_external_promote_waits_and_writes_nothing(cluster: FakeCluster, workload: Workload, walked: Walked) -> None:
    """Git makes stable run the judged digests, under any name."""
    memory, pin = walked
    before = len(cluster.api.faults.writes())
    with pytest.raises(TemporaryError, match="Merge the judged image in Git"):
        workload.promote_external(memory, pin, 0.2, renew)
    cluster.set_image("shop", f"shop@sha256:{'2' * 64}")
    workload.promote_external(memory, pin, 10, renew)

    assert before == len(cluster.api.faults.writes())


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_killed_anywhere_a_rollback_ends_on_a_ready_stable(
    cluster: FakeCluster,
    walked: Walked,
    answered: bool,  # noqa: FBT001
) -> None:
    """Killed before or after any request of promote, undoing leaves the old template, ready, at the next try."""
    memory, pin = walked
    for lives in range(1, 60):
        workload, connection = cluster.connect()
        connection.lives, connection.answered = lives, answered
        try:
            workload.promote_template(memory, pin, TOKEN, 10, renew)
        except Killed:
            finished = False
        else:
            finished = True
        rollback, connection = cluster.connect()
        connection.lives, connection.answered = lives % 5 + 1, answered
        with suppress(Killed):
            rollback.undo_promote(memory, pin, TOKEN, 10, renew)
        cluster.connect()[0].undo_promote(memory, pin, TOKEN, 10, renew)

        assert "shop:1" == cluster.image("shop"), lives
        assert cluster.connect()[0].stable_has_capacity(memory), lives
        if finished:
            return
    pytest.fail("promote never ended")
