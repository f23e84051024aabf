"""Before a release stable's pods are waited for: a pod that restarts does not refuse one for good."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from steps.cluster.api import Cluster
from steps.workload.preconditions import pods_needed, unready
from steps.workload.stable_wait import await_stable
from tests.support.fake_cluster import FakeCluster
from tests.support.shop_release import release


class Clock:
    """A clock that only waiting moves; `events` happen at the given seconds."""

    def __init__(self, cluster: FakeCluster, heals_at: float = 1e9) -> None:
        self.now, self._cluster, self._heals_at = 0.0, cluster, heals_at

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        if self.now >= self._heals_at:
            self._cluster.faulty["shop:1"] = ""
        for _ in range(20):
            self._cluster.tick()

    def time(self) -> float:
        """Return the seconds so far."""
        return self.now


def waited(cluster: FakeCluster, clock: Clock, seconds: float = 300.0, **changes: object) -> float:
    """Return how long a release waited for stable."""
    await_stable(Cluster(cluster.connect()[1]), release(**changes), seconds, clock.pause, clock.time)
    return clock.now


@pytest.fixture
def down(cluster: FakeCluster) -> FakeCluster:
    """Return the cluster with a stable whose pods are not ready."""
    cluster.ends()  # from now on only the clock moves the controllers
    cluster.faulty["shop:1"] = "never-ready"
    for _ in range(20):
        cluster.tick()
    return cluster


def test_nothing_waits_for_a_ready_stable(cluster: FakeCluster) -> None:
    """A release begins at once."""
    assert 0.0 == waited(cluster, Clock(cluster))


def test_pods_that_come_back_are_waited_for(down: FakeCluster) -> None:
    """And the log says from the start what is missing, and that a hotfix does not wait."""
    with capture_logs() as logs:
        assert 10.0 == waited(down, Clock(down, heals_at=10.0))
    said = [one["detail"] for one in logs if one["event"] == "stable.waiting"]
    assert "0 of 2 pods available" in said[0]
    assert "--hotfix --reason" in said[0]


def test_the_wait_has_an_end(down: FakeCluster) -> None:
    """The preflight says what is missing then."""
    assert 7.0 == waited(down, Clock(down), 7.0)


def test_a_hotfix_waits_for_no_pod(down: FakeCluster) -> None:
    """A stable that is not ready is what it is for."""
    assert 0.0 == waited(down, Clock(down), allow_unready_stable=True)


def test_a_stable_without_replicas_is_not_waited_for(cluster: FakeCluster) -> None:
    """It is refused: it would never become ready."""
    cluster.change("shop", replicas=0)
    cluster.settle("shop")
    assert 0.0 == waited(cluster, Clock(cluster))


@pytest.mark.parametrize(
    ("replicas", "share", "needed"),
    [(4, 0.9, 4), (9, 0.9, 9), (10, 0.9, 9), (10, 0.7, 7), (4, 0.75, 3), (1, 0.1, 1), (40, 0.9, 36), (3, 1.0, 3)],
)
def test_a_share_of_the_pods_suffices(replicas: int, share: float, needed: int) -> None:
    """Rounded up, and at least one."""
    assert needed == pods_needed(replicas, share)


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({"replicas": 4, "updatedReplicas": 4, "availableReplicas": 3}, True),
        ({"replicas": 4, "updatedReplicas": 4, "availableReplicas": 2}, False),
        ({"replicas": 5, "updatedReplicas": 4, "availableReplicas": 4}, False),
        ({"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}, False),
    ],
)
def test_a_rollout_must_be_over(status: dict[str, int], ready: bool) -> None:  # noqa: FBT001 - parametrized
    """Pods of two versions cannot be one side of a comparison, however many are available."""
    assert ready is (not unready({"metadata": {}, "spec": {"replicas": 4}, "status": status}, 0.75))
