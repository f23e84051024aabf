"""A token on a Deployment that is not run:epoch:phase, and writes that meet other writers."""

import pytest

from steps.claim.errors import ClaimCorrupt
from steps.claim.marks import Holder
from steps.errors import NotOwnerError, TemporaryError
from steps.model.run import ObjectName
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.shop_release import KEY, NAMESPACE, TOKEN, release

LATER = "run-2:2:rolling-back"
HOLDER = Holder("shop", ObjectName(NAMESPACE, "shop"))
UNREADABLE = ["nonsense", "run-1", "run-1:x:prepared", "run-1:1", ""]


def token(cluster: FakeCluster, name: str = "shop") -> str | None:
    """Return the token on a Deployment."""
    found: str | None = (cluster.get(name)["metadata"].get("annotations") or {}).get(KEY)
    return found


@pytest.mark.parametrize("text", UNREADABLE)
def test_an_unreadable_token_stops_the_next_claim(cluster: FakeCluster, workload: Workload, text: str) -> None:
    """Nobody knows whose it is: the message says how to remove it, and nothing is written."""
    memory = workload.preflight(release()).state
    cluster.mark("shop", KEY, text)
    claimed = cluster.claimed()

    with pytest.raises(ClaimCorrupt, match=rf"kubectl annotate deployment -n shop shop {KEY}-"):
        claimed.highest_epoch(NAMESPACE, ["shop"])
    with pytest.raises(ClaimCorrupt, match="reading the claim on Deployment shop/shop"):
        claimed.take(NAMESPACE, memory.deployments, "run-2:2:prepared")
    assert text == token(cluster)


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_write_under_an_unreadable_token_is_refused(cluster: FakeCluster, workload: Workload, text: str) -> None:
    """Also where the text looks like our own token without its phase."""
    memory = prepared(cluster, workload)
    cluster.mark("shop-canary", KEY, text)

    for claim in (TOKEN, None):
        with pytest.raises(ClaimCorrupt, match="which is not run:epoch:phase"):
            workload.scale_down(memory, claim)
    assert text == token(cluster, "shop-canary")


def test_an_unreadable_token_is_repaired_on_request(cluster: FakeCluster, workload: Workload) -> None:
    """For sweep and rollback --any-run, which say whose Deployments they repaired; all others are followed up."""
    claimed = cluster.claimed(HOLDER)
    memory = prepared(cluster, workload, claimed=claimed)
    claimed.move(NAMESPACE, memory.deployments, TOKEN)
    cluster.mark("shop-canary", KEY, "nonsense")

    assert ["shop-canary"] == claimed.secure(NAMESPACE, memory.deployments, LATER, repair=True).repaired
    assert [LATER, LATER] == [token(cluster), token(cluster, "shop-canary")]
    assert [] == claimed.secure(NAMESPACE, memory.deployments, LATER, repair=True).repaired


def test_an_unreadable_token_of_an_unknown_holder_is_left_as_it_is(cluster: FakeCluster, workload: Workload) -> None:
    """Without the holder nobody knows whose Deployment it is, and a stranger may have named it."""
    memory = prepared(cluster, workload)
    cluster.mark("shop-canary", KEY, "nonsense")

    secured = cluster.claimed(HOLDER).secure(NAMESPACE, memory.deployments, LATER, repair=True)
    assert ([], "nonsense") == (secured.repaired, secured.left["shop-canary"])
    assert "nonsense" == token(cluster, "shop-canary")


def test_an_unreadable_token_stays_at_the_end_of_a_run(cluster: FakeCluster, workload: Workload) -> None:
    """Only our own token is taken off."""
    memory = prepared(cluster, workload)
    cluster.mark("shop-canary", KEY, "nonsense")
    cluster.claimed().remove_token(NAMESPACE, memory.deployments, TOKEN)

    assert (None, "nonsense") == (token(cluster), token(cluster, "shop-canary"))


def test_a_token_is_read_as_on_virtual_services(cluster: FakeCluster) -> None:
    """From the right: a run may have a dash."""
    cluster.mark("shop", KEY, "a-b:7:prepared")

    assert 7 == cluster.claimed().highest_epoch(NAMESPACE, ["shop"])


@pytest.mark.parametrize("phase", ["prepared", "walking", "promoting"])
def test_a_later_phase_of_the_same_claim_replaces_an_earlier_one(
    cluster: FakeCluster, workload: Workload, phase: str
) -> None:
    """Phases are in the same order on Deployments as on VirtualServices."""
    memory = workload.preflight(release()).state
    cluster.mark("shop", KEY, f"run-1:1:{phase}")
    cluster.claimed().take(NAMESPACE, memory.deployments, "run-1:1:rolling-back")

    assert "run-1:1:rolling-back" == token(cluster)


def test_a_few_conflicts_do_not_stop_a_claim(cluster: FakeCluster, workload: Workload) -> None:
    """Controllers write the status of a Deployment all the time."""
    memory = workload.preflight(release()).state
    cluster.api.faults.answer(409, verb="patch", times=3)
    cluster.claimed().take(NAMESPACE, memory.deployments, TOKEN)

    assert TOKEN == token(cluster)


def test_conflicts_without_end_are_temporary(cluster: FakeCluster, workload: Workload) -> None:
    """The step ends with 3, and the message names the Deployment."""
    memory = prepared(cluster, workload)
    cluster.api.faults.answer(409, verb="patch", times=None)

    with pytest.raises(TemporaryError, match="writing Deployment shop/shop"):
        cluster.claimed().move(NAMESPACE, memory.deployments, "run-1:1:walking")
    with pytest.raises(TemporaryError, match="writing Deployment shop/shop-canary"):
        workload.scale_down(memory, TOKEN)
    assert TOKEN == token(cluster)


def test_a_token_that_appears_between_read_and_write_is_not_overwritten(
    cluster: FakeCluster, workload: Workload
) -> None:
    """The absence of a token is part of what is tested."""
    memory = workload.preflight(release()).state
    cluster.api.faults.on_write(1, lambda _: cluster.mark("shop", KEY, "run-9:9:prepared"), moment="before")

    with pytest.raises(NotOwnerError, match="says run-9:9:prepared"):
        cluster.claimed().take(NAMESPACE, memory.deployments, TOKEN)
    assert "run-9:9:prepared" == token(cluster)
