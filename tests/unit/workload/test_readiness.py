"""A failed wait says what a person must do."""

import pytest

from steps.errors import Interrupted, NotOwnerError, PermanentError, TemporaryError
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster
from tests.support.shop_release import NAMESPACE, renew


def waited(cluster: FakeCluster, workload: Workload, image: str, kind: type[Exception], seconds: float = 5) -> str:
    """Return how waiting for an image of `shop` ends."""
    cluster.set_image("shop", image)
    with pytest.raises(kind) as caught:
        workload.wait_ready(NAMESPACE, "shop", None, seconds, renew)
    return str(caught.value)


def test_image_that_cannot_be_pulled_ends_early(cluster: FakeCluster, workload: Workload) -> None:
    """It names the container, the image and kubelet's message."""
    sentence = waited(cluster, workload, "shop:missing", PermanentError)

    assert "cannot get its image shop:missing (ImagePullBackOff: no such image shop:missing)" in sentence


def test_crash_loop_ends_early(cluster: FakeCluster, workload: Workload) -> None:
    """It has the last exit code, its reason, and where to read on."""
    cluster.push("shop:bad", "b" * 64, "crashes")

    sentence = waited(cluster, workload, "shop:bad", PermanentError)
    assert "keeps crashing: it ended 3 times, last with exit code 137, OOMKilled." in sentence


def test_deadline_names_counts_and_the_failing_probe(cluster: FakeCluster, workload: Workload) -> None:
    """It may still become ready, so the error is temporary."""
    cluster.push("shop:bad", "b" * 64, "never-ready")

    sentence = waited(cluster, workload, "shop:bad", TemporaryError, 0.5)
    assert "after 0.5 s 2 of 2 pods are available, 2 of an older template remain." in sentence
    assert "readiness probe (GET /ready on port 8080) of container app" in sentence


def test_unschedulable_pods_quote_the_scheduler(cluster: FakeCluster, workload: Workload) -> None:
    """A node autoscaler may help, so the wait lasts until the deadline."""
    cluster.unschedulable = "0/3 nodes are available: 3 Insufficient memory"

    sentence = waited(cluster, workload, "shop:2", TemporaryError, 0.5)
    assert "cannot be scheduled: 0/3 nodes are available: 3 Insufficient memory." in sentence


def test_progress_deadline_ends_early(cluster: FakeCluster, workload: Workload) -> None:
    """The Deployment's own deadline has passed."""
    cluster.push("shop:bad", "b" * 64, "never-ready")
    cluster.change("shop", progressDeadlineSeconds=1, minReadySeconds=0)

    assert "made no progress within its spec.progressDeadlineSeconds" in waited(
        cluster, workload, "shop:bad", PermanentError, 10
    )


def test_ready_deployment_returns_at_once(workload: Workload) -> None:
    """There is nothing to wait for, even with no time left."""
    assert 2 == workload.wait_ready(NAMESPACE, "shop", 2, 0, renew)["status"]["availableReplicas"]


@pytest.mark.parametrize("error", [NotOwnerError, Interrupted])
def test_an_error_of_renew_ends_the_wait(
    cluster: FakeCluster, workload: Workload, error: type[NotOwnerError | Interrupted]
) -> None:
    """The claim was lost, or SIGTERM arrived."""
    cluster.push("shop:bad", "b" * 64, "never-ready")
    cluster.set_image("shop", "shop:bad")

    def lost() -> None:
        raise error("renewing", "no")

    with pytest.raises(error):
        workload.wait_ready(NAMESPACE, "shop", None, 5, lost)
