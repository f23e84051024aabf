"""Only the owner of the claim writes Deployments, and a slow writer of an older claim cannot come back."""

import pytest

from steps.errors import NotOwnerError
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.shop_release import KEY, NAMESPACE, TOKEN, release, renew

LATER = "run-2:2:prepared"


def token(cluster: FakeCluster, name: str = "shop") -> str | None:
    """Return the token on a Deployment."""
    found: str | None = (cluster.get(name)["metadata"].get("annotations") or {}).get(KEY)
    return found


def test_stamp_is_on_the_deployment_not_on_its_pods(cluster: FakeCluster, workload: Workload) -> None:
    """A token in the pod template would restart every pod."""
    before = cluster.get("shop")["spec"]
    cluster.claimed().take(NAMESPACE, workload.preflight(release()).state.deployments, TOKEN)

    assert TOKEN == token(cluster)
    assert before == cluster.get("shop")["spec"]


def test_takeover_stops_a_slow_promote(cluster: FakeCluster, workload: Workload) -> None:
    """The next run has stamped both Deployments: the old run's writes end as not-owner."""
    memory = prepared(cluster, workload)
    pin = workload.pin(memory)
    cluster.claimed().secure(NAMESPACE, memory.deployments, LATER)

    with pytest.raises(NotOwnerError, match="says run-2:2:prepared, this run is run-1:1:prepared"):
        workload.promote_template(memory, pin, TOKEN, 5, renew)
    with pytest.raises(NotOwnerError):
        workload.ensure_capacity(memory, TOKEN, 100, 5, renew)
    with pytest.raises(NotOwnerError):
        workload.scale_down(memory, TOKEN)
    assert "shop:1" == cluster.image("shop")


def test_takeover_between_read_and_write_is_noticed(cluster: FakeCluster, workload: Workload) -> None:
    """The token is tested by the write itself."""
    memory = prepared(cluster, workload)
    pin = workload.pin(memory)
    other = cluster.claimed()
    cluster.api.faults.on_write(1, lambda _: other.secure(NAMESPACE, memory.deployments, LATER), moment="before")

    with pytest.raises(NotOwnerError):
        workload.promote_template(memory, pin, TOKEN, 5, renew)
    assert "shop:1" == cluster.image("shop")


def test_status_writes_in_between_do_not_disturb(cluster: FakeCluster, workload: Workload) -> None:
    """A conflict with the same token is read again and repeated."""
    memory = prepared(cluster, workload)
    cluster.api.faults.on_write(1, lambda _: cluster.mark("shop", "noise", "1"), moment="before")
    cluster.claimed().move(NAMESPACE, memory.deployments, "run-1:1:walking")

    assert "run-1:1:walking" == token(cluster)


@pytest.mark.parametrize("late", ["run-1:1:prepared", "run-1:1:walking"])
def test_older_claim_cannot_stamp_back(cluster: FakeCluster, workload: Workload, late: str) -> None:
    """Epochs only rise."""
    memory = workload.preflight(release()).state
    cluster.claimed().take(NAMESPACE, memory.deployments, LATER)

    with pytest.raises(NotOwnerError):
        cluster.claimed().take(NAMESPACE, memory.deployments, late)
    assert LATER == token(cluster)


def test_phase_never_goes_back(cluster: FakeCluster, workload: Workload) -> None:
    """A slow writer of the same run cannot undo the beginning of its rollback."""
    memory = workload.preflight(release()).state
    cluster.claimed().take(NAMESPACE, memory.deployments, "run-1:1:rolling-back")

    with pytest.raises(NotOwnerError):
        cluster.claimed().move(NAMESPACE, memory.deployments, "run-1:1:walking")


def test_missed_change_of_phase_is_made_up_by_the_next_write(cluster: FakeCluster, workload: Workload) -> None:
    """A step killed between the VirtualService's stamp and the Deployment's must not lock the run out."""
    memory = prepared(cluster, workload)
    workload.scale_down(memory, "run-1:1:rolling-back")

    assert 0 == cluster.get("shop-canary")["spec"]["replicas"]
    assert "run-1:1:rolling-back" == token(cluster, "shop-canary")


def test_removed_token_stops_the_run(cluster: FakeCluster, workload: Workload) -> None:
    """Removing it by hand is how a human takes over."""
    memory = prepared(cluster, workload)
    cluster.claimed().remove_token(NAMESPACE, memory.deployments, TOKEN)

    with pytest.raises(NotOwnerError, match="is gone: the run run-1:1:prepared lost it, or a person took over"):
        workload.ensure_capacity(memory, TOKEN, 100, 5, renew)
    with pytest.raises(NotOwnerError):
        cluster.claimed().move(NAMESPACE, memory.deployments, "run-1:1:walking")


def test_unstamp_leaves_other_tokens(cluster: FakeCluster, workload: Workload) -> None:
    """Only our own mark is taken away."""
    memory = workload.preflight(release()).state
    cluster.claimed().take(NAMESPACE, memory.deployments, LATER)
    cluster.claimed().remove_token(NAMESPACE, memory.deployments, TOKEN)

    assert LATER == token(cluster)
    assert 2 == cluster.claimed().highest_epoch(NAMESPACE, ["shop", "shop-canary"])


def test_a_claim_that_was_refused_leaves_the_earlier_one_that_it_met(cluster: FakeCluster, workload: Workload) -> None:
    """An undo takes the next epoch before it is refused; a rollback, which inherits the claim, removes the token."""
    memory = workload.preflight(release()).state
    cluster.claimed().take(NAMESPACE, memory.deployments, TOKEN)
    cluster.claimed().remove_token(NAMESPACE, memory.deployments, LATER, inherited=False)
    assert TOKEN == token(cluster)

    cluster.claimed().remove_token(NAMESPACE, memory.deployments, LATER)
    assert token(cluster) is None


def test_step_without_a_claim_refuses_what_is_claimed(cluster: FakeCluster, workload: Workload) -> None:
    """Single steps work without a claim, but not against one."""
    memory = prepared(cluster, workload)

    with pytest.raises(NotOwnerError, match="this run is without a claim"):
        workload.scale_down(memory, None)
