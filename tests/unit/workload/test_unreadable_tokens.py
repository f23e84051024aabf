"""A token on a Deployment that is not run:epoch:phase, and writes that meet other writers."""

import pytest

from steps.errors import NotOwnerError, TemporaryError
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.shop_release import KEY, NAMESPACE, TOKEN, release, renew

UNREADABLE = ["nonsense", "run-1", "run-1:x:prepared", "run-1:1", ""]


def token(cluster: FakeCluster, name: str = "shop") -> str | None:
    """Return the token on a Deployment."""
    found: str | None = (cluster.get(name)["metadata"].get("annotations") or {}).get(KEY)
    return found


@pytest.mark.parametrize("text", UNREADABLE)
def test_an_unreadable_token_is_overwritten_by_the_next_claim(
    cluster: FakeCluster, workload: Workload, text: str
) -> None:
    """Today it counts as a token of epoch 0."""
    memory = workload.preflight(release()).state
    cluster.mark("shop", KEY, text)
    assert workload.epoch(NAMESPACE, ["shop"]) in {0, 1}
    workload.stamp(memory, "run-2:2:prepared")

    assert "run-2:2:prepared" == token(cluster)


@pytest.mark.parametrize("text", [text for text in UNREADABLE if text != "run-1:1"])
def test_a_write_under_an_unreadable_token_is_refused(cluster: FakeCluster, workload: Workload, text: str) -> None:
    """Only a claim, a takeover or a change of phase replaces a token; without a phase it counts as an earlier one."""
    memory = prepared(cluster, workload)
    cluster.mark("shop-canary", KEY, text)

    with pytest.raises(NotOwnerError, match=f"says {text}, this run is run-1:1:prepared"):
        workload.ensure_capacity(memory, TOKEN, 100, 5, renew)
    assert text == token(cluster, "shop-canary")


def test_an_unreadable_token_stays_at_the_end_of_a_run(cluster: FakeCluster, workload: Workload) -> None:
    """Only our own token is taken off."""
    memory = prepared(cluster, workload)
    cluster.mark("shop-canary", KEY, "nonsense")
    workload.unstamp(memory, TOKEN)

    assert (None, "nonsense") == (token(cluster), token(cluster, "shop-canary"))


def test_a_run_whose_name_has_colons_keeps_its_epoch_on_virtual_services_alone(
    cluster: FakeCluster, workload: Workload
) -> None:
    """Deployments are read from the left: today such a token has no epoch there."""
    cluster.mark("shop", KEY, "a:b:7:prepared")

    assert 0 == workload.epoch(NAMESPACE, ["shop"])


@pytest.mark.parametrize("phase", ["prepared", "walking", "promoting"])
def test_a_later_phase_of_the_same_claim_replaces_an_earlier_one(
    cluster: FakeCluster, workload: Workload, phase: str
) -> None:
    """Phases are in the same order on Deployments as on VirtualServices."""
    memory = workload.preflight(release()).state
    cluster.mark("shop", KEY, f"run-1:1:{phase}")
    workload.stamp(memory, "run-1:1:rolling-back")

    assert "run-1:1:rolling-back" == token(cluster)


def test_a_few_conflicts_do_not_stop_a_claim(cluster: FakeCluster, workload: Workload) -> None:
    """Controllers write the status of a Deployment all the time."""
    memory = workload.preflight(release()).state
    cluster.api.faults.answer(409, verb="patch", times=3)
    workload.stamp(memory, TOKEN)

    assert TOKEN == token(cluster)


def test_conflicts_without_end_are_temporary(cluster: FakeCluster, workload: Workload) -> None:
    """The step ends with 3, and the message names the Deployment."""
    memory = prepared(cluster, workload)
    cluster.api.faults.answer(409, verb="patch", times=None)

    with pytest.raises(TemporaryError, match="writing Deployment shop/shop"):
        workload.stamp(memory, "run-1:1:walking", TOKEN)
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
        workload.stamp(memory, TOKEN)
    assert "run-9:9:prepared" == token(cluster)
