"""The canary is large enough before its weight rises, and nobody's replicas are taken over."""

import time

import pytest

from steps.errors import TemporaryError
from steps.workload.capacity import needed_pods
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.kubernetes_api.kinds import POD
from tests.support.shop_release import NAMESPACE, TOKEN, release, renew


@pytest.mark.parametrize(
    ("replicas", "weight", "count"),
    [(0, 50, 1), (1, 0, 1), (1, 100, 2), (2, 10, 1), (3, 50, 2), (5, 100, 6), (10, 5, 1), (10, 50, 6), (100, 1, 2)],
)
def test_canary_gets_a_fifth_more_pods_than_its_share(replicas: int, weight: int, count: int) -> None:
    """The formula is max(1, ceil(replicas * weight/100 * 1.2)), in integers."""
    assert count == needed_pods(replicas, weight)


def test_canary_is_scaled_up_and_becomes_ready(cluster: FakeCluster, workload: Workload) -> None:
    """From weight 10 to 100 of two pods: from one to three."""
    memory = prepared(cluster, workload)
    workload.ensure_capacity(memory, TOKEN, 100, 10, renew)

    assert 3 == cluster.get("shop-canary")["status"]["availableReplicas"]


def test_canary_is_never_scaled_down_for_a_weight(cluster: FakeCluster, workload: Workload) -> None:
    """Somebody may want more pods than the formula."""
    memory = prepared(cluster, workload)
    cluster.change("shop-canary", replicas=4)
    workload.ensure_capacity(memory, TOKEN, 10, 10, renew)

    assert 4 == cluster.get("shop-canary")["spec"]["replicas"]


def test_replicas_of_an_autoscaler_are_never_written(cluster: FakeCluster, workload: Workload) -> None:
    """Neither up nor down: the message names the HPA and the value to set."""
    memory = prepared(cluster, workload)
    cluster.autoscale("shop-canary")

    with pytest.raises(TemporaryError, match=r"set its spec\.minReplicas to at least 3 for weight 100"):
        workload.ensure_capacity(memory, TOKEN, 100, 0.2, renew)
    assert "HorizontalPodAutoscaler shop-canary owns its replicas" in workload.scale_down(memory, TOKEN)
    assert 1 == cluster.get("shop-canary")["spec"]["replicas"]


def test_the_first_pod_is_started_for_an_idle_autoscaler(cluster: FakeCluster, workload: Workload) -> None:
    """At 0 replicas, as a new canary has, an autoscaler would never act."""
    memory = prepared(cluster, workload)
    workload.scale_down(memory, TOKEN)
    cluster.autoscale("shop-canary")
    workload.ensure_capacity(memory, TOKEN, 1, 10, renew)

    assert 1 == cluster.get("shop-canary")["spec"]["replicas"]


def test_canary_is_scaled_to_zero_and_kept(cluster: FakeCluster, workload: Workload) -> None:
    """Nothing is deleted; it works twice, and for a canary that is gone."""
    memory = prepared(cluster, workload)

    assert "" == workload.scale_down(memory, TOKEN)
    assert "" == workload.scale_down(memory, TOKEN)
    assert 0 == cluster.get("shop-canary")["spec"]["replicas"]
    assert "" == workload.scale_down(workload.preflight(release(canary="shop-other")).state, TOKEN)


def test_stable_below_its_start_has_no_capacity(cluster: FakeCluster, workload: Workload) -> None:
    """The weight may then return only in steps."""
    memory = prepared(cluster, workload)
    assert workload.stable_has_capacity(memory)
    cluster.change("shop", replicas=1)
    cluster.settle("shop")

    assert not workload.stable_has_capacity(memory)
    assert (True, True) == workload.ready_arms(memory)


def test_health_counts_pods_and_restarts(cluster: FakeCluster, workload: Workload) -> None:
    """Ready and desired pods, a cause to quote, and restarts since the run began."""
    memory = prepared(cluster, workload)
    watch = workload.health(memory, since=0)
    assert (1, 1, 0) == (watch.look().desired, watch.look().ready, watch.look().restarts)
    cluster.faulty["shop:2"] = "crashes"
    seen = watch.look()
    for _ in range(100):
        if seen.restarts == 3:
            break
        time.sleep(0.05)
        seen = watch.look()

    assert (1, 0, 3) == (seen.desired, seen.ready, seen.restarts)
    assert "last with exit code 137, OOMKilled" in seen.detail


def test_health_tells_vanished_pods_from_scaled_ones(cluster: FakeCluster, workload: Workload) -> None:
    """A pod that our own scaling removed is not a fault."""
    memory = prepared(cluster, workload)
    workload.ensure_capacity(memory, TOKEN, 100, 10, renew)
    watch = workload.health(memory, since=0)
    watch.look()
    cluster.change("shop-canary", replicas=2)
    cluster.settle("shop-canary")
    assert 0 == watch.look().vanished
    victim = cluster.store.list(POD, NAMESPACE, "app=shop-canary")[0]["metadata"]["name"]
    cluster.store.delete(POD, NAMESPACE, victim)

    assert 1 == watch.look().vanished


def test_health_tells_of_a_deleted_pod_and_what_its_replacement_waits_for(
    cluster: FakeCluster, workload: Workload
) -> None:
    """It has the cause for the judge, the time span for the evidence, and the scheduler's message as detail."""
    memory = prepared(cluster, workload)
    watch = workload.health(memory, since=0)
    assert ("", ()) == (watch.look().disruption, watch.look().disrupted)
    victim = cluster.store.list(POD, NAMESPACE, "app=shop-canary")[0]["metadata"]["name"]
    cluster.unschedulable = "0/3 nodes are available: 3 Insufficient memory."
    cluster.store.delete(POD, NAMESPACE, victim)
    seen = watch.look()
    for _ in range(100):
        if seen.detail:
            break
        time.sleep(0.05)
        seen = watch.look()

    assert (f"pod {victim} is gone", 0) == (seen.disruption, seen.ready)
    assert [(0.0, f"pod {victim} is gone")] == [span[1:] for span in seen.disrupted]
    assert "cannot be scheduled: 0/3 nodes are available: 3 Insufficient memory." in seen.detail
