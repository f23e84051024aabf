"""Which Deployment a pod belongs to: by owner, and by its ReplicaSet's name prefix, compared with the API server."""

from __future__ import annotations

from steps.model.pods import PodNames, pod_prefix
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster
from tests.support.kubernetes_api.kinds import POD, REPLICA_SET
from tests.support.shop_release import NAMESPACE


def test_pods_are_identified_by_their_owner(cluster: FakeCluster, workload: Workload) -> None:
    """A pod that is named like stable's but has no owner belongs to nobody; a missing Deployment has no pods."""
    name = cluster.store.list(REPLICA_SET, NAMESPACE)[0]["metadata"]["name"]
    listed = [pod["metadata"]["name"] for pod in cluster.store.list(POD, NAMESPACE)]
    spec = cluster.store.list(POD, NAMESPACE)[0]["spec"]
    for stranger in (f"{name}-zzzzz", "shop-migrate-abcde"):
        cluster.create(POD, {"metadata": {"name": stranger, "labels": {"job": "x"}}, "spec": spec})

    found = workload.pod_names(NAMESPACE, ("shop", "shop-canary"))

    assert {"shop": (f"{name}-",), "shop-canary": ()} == dict(found.prefixes)
    assert 2 == len(listed)
    assert {**dict.fromkeys(listed, "shop"), f"{name}-zzzzz": ""} == dict(found.owners)
    assert all("shop" == found.deployment_of(pod) for pod in listed)


def test_a_past_replica_set_still_identifies_its_pods(cluster: FakeCluster, workload: Workload) -> None:
    """They are stable's history."""
    before = workload.pod_names(NAMESPACE, ("shop",))
    cluster.set_image("shop", "shop:2")
    cluster.settle("shop")
    after = workload.pod_names(NAMESPACE, ("shop",))

    assert set(before.prefixes["shop"]) < set(after.prefixes["shop"])
    assert not set(before.owners) & set(after.owners)
    assert {"shop"} == {after.deployment_of(pod) for pod in before.owners}


def test_a_prefix_is_cut_as_kubernetes_cuts_it() -> None:
    """At 58 characters; such a prefix alone identifies no pod."""
    assert "shop-6d4cf56db6-" == pod_prefix("shop-6d4cf56db6")
    long = "a" * 60
    assert "a" * 58 == pod_prefix(long)
    assert "" == PodNames({"a": (pod_prefix(long),)}).deployment_of(f"{pod_prefix(long)}x7k2p")


def test_two_deployments_never_share_a_pod() -> None:
    """A shared prefix belongs to neither, and the newer data counts."""
    both = PodNames({"a": ("x-1-",), "b": ("x-1-",)}, {"x-1-aaaaa": "a"})
    assert "" == both.deployment_of("x-1-bbbbb")
    joined = both.merged_with(PodNames({"b": ("y-1-",)}, {"x-1-aaaaa": "b"}))
    assert ({"a": ("x-1-",), "b": ("x-1-", "y-1-")}, {"x-1-aaaaa": "b"}) == (joined.prefixes, joined.owners)
