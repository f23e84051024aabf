"""Steps run again after a kill or a lost response, or as a dry run."""

from contextlib import suppress
from pathlib import Path

import pytest

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.connection import Connection
from steps.cluster.dry_run import DryRunCluster
from steps.model.run import Destination
from steps.model.workload import Noop, Topology
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.killed_process import Killed
from tests.support.shop_release import KEY, NAMESPACE, TOKEN, release, renew

TARGET_NAMED = release(
    stable="shop-primary",
    canary="shop",
    stable_destination=Destination("shop-primary"),
    canary_destination=Destination("shop"),
    topology=Topology.TARGET_NAMED,
    image="",
)


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_killed_prepare_is_repeated(cluster: FakeCluster, answered: bool) -> None:  # noqa: FBT001
    """Killed before or after any request, the next prepare ends with a ready canary."""
    for lives in range(1, 60):
        workload, connection = cluster.connect()
        connection.lives, connection.answered = lives, answered
        with suppress(Killed):
            prepared(cluster, workload)
            return
        memory = prepared(cluster, cluster.connect()[0])
        assert (True, True) == workload_arms(cluster, memory.canary)
        cluster.connect()[0].scale_down(memory, TOKEN)
    pytest.fail("prepare never ended")


def workload_arms(cluster: FakeCluster, canary: str) -> tuple[bool, bool]:
    """Return for both arms whether one of their pods is available."""
    found = [cluster.get(name).get("status", {}).get("availableReplicas", 0) for name in ("shop", canary)]
    return found[0] > 0, found[1] > 0


def test_lost_response_of_the_creation_is_not_a_conflict(cluster: FakeCluster, workload: Workload) -> None:
    """The repeated request finds the object that the first one created."""
    cluster.api.faults.lose_answer(verb="create", resource="deployments")
    prepared(cluster, workload)

    assert "shop:2" == cluster.image("shop-canary")


def test_dry_run_writes_and_waits_for_nothing(cluster: FakeCluster, tmp_path: Path) -> None:
    """`--dry-run` of prepare, promote and the end: reads are real, writes are planned."""
    rehearsal = DryRunCluster(Connection(str(tmp_path / "kubeconfig")))
    workload = Workload(rehearsal, KEY)
    memory = prepared(cluster, workload, claimed=ClaimedDeployments(rehearsal, KEY))
    pin = workload.pin(memory)
    workload.promote_template(memory, pin, TOKEN, 10, renew)
    workload.promote_external(memory, pin, 10, renew)
    workload.undo_promote(memory, pin, TOKEN, 10, renew)
    workload.scale_down(memory, TOKEN)

    assert [] == cluster.api.faults.writes()
    assert "create Deployment shop/shop-canary" in rehearsal.planned_writes


def test_target_named_release_from_start_to_end(cluster: FakeCluster, workload: Workload) -> None:
    """The version that people deployed is judged, copied to the primary, and scaled to 0."""
    cluster.deploy("shop-primary", "shop:1")
    assert Noop.YES == workload.preflight(TARGET_NAMED).noop
    cluster.set_image("shop", "shop:2")
    cluster.settle("shop")
    memory = prepared(cluster, workload, TARGET_NAMED)
    pin = workload.pin(memory)
    workload.promote_template(memory, pin, TOKEN, 10, renew)
    workload.scale_down(memory, TOKEN)

    assert "shop:2" == cluster.image("shop-primary")
    assert {"app": "shop-primary", "team": "till"} == cluster.get("shop-primary")["spec"]["template"]["metadata"][
        "labels"
    ]
    assert 0 == cluster.get("shop")["spec"]["replicas"]


def test_target_named_takes_an_image_too(cluster: FakeCluster, workload: Workload) -> None:
    """With --image the canary is what people deploy to, with that image."""
    cluster.deploy("shop-primary", "shop:1")
    wanted = release(
        stable="shop-primary",
        canary="shop",
        stable_destination=Destination("shop-primary"),
        canary_destination=Destination("shop"),
        topology=Topology.TARGET_NAMED,
    )
    prepared(cluster, workload, wanted)
    cluster.settle("shop")

    assert ("shop:2", "shop:1") == (cluster.image("shop"), cluster.image("shop-primary"))


def test_external_template_is_never_undone(cluster: FakeCluster, workload: Workload) -> None:
    """Only GitOps may revert what GitOps wrote."""
    memory = prepared(cluster, workload, release(template_by_external=True))
    pin = workload.pin(memory)
    cluster.set_image("shop", "shop:2")
    workload.undo_promote(memory, pin, TOKEN, 10, renew)

    assert "shop:2" == cluster.image("shop")


def test_promote_is_repeatable_after_its_token_was_removed(cluster: FakeCluster, workload: Workload) -> None:
    """Killed between the last write to the Deployments and the release of the claim, it finds nothing left to do."""
    memory = prepared(cluster, workload)
    pin = workload.pin(memory)
    workload.promote_template(memory, pin, TOKEN, 10, renew)
    workload.scale_down(memory, TOKEN)
    cluster.claimed().remove_token(NAMESPACE, memory.deployments, TOKEN)
    workload.promote_template(memory, pin, TOKEN, 10, renew)

    assert "" == workload.scale_down(memory, TOKEN)
    assert workload.is_promoted(memory, pin)
