"""A release that would change nothing is detected before anything changes."""

import pytest

from steps.model.workload import Noop
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.shop_release import TOKEN, release


@pytest.mark.parametrize(
    ("image", "noop"),
    [
        ("shop:1", Noop.YES),
        ("shop:2", Noop.NO),
        (f"shop@sha256:{'1' * 64}", Noop.YES),
        (f"shop@sha256:{'2' * 64}", Noop.NO),
    ],
)
def test_noop_compares_names_and_digests(workload: Workload, image: str, noop: Noop) -> None:
    """The same tag, or the digest that stable's pods run."""
    assert noop == workload.preflight(release(image=image)).noop


def test_moving_tag_must_be_looked_at(cluster: FakeCluster, workload: Workload) -> None:
    """Pulled always, the same tag may have another digest: known when the canary runs."""
    cluster.push("shop:latest", "4" * 64)
    cluster.always_pull("shop", "shop:latest")
    wanted = release(image="shop:latest")
    assert Noop.LOOK == workload.preflight(wanted).noop

    memory = prepared(cluster, workload, wanted)
    assert workload.runs_same_bits(memory, workload.pin(memory))
    workload.scale_down(memory, TOKEN)
    cluster.settle("shop-canary")
    cluster.push("shop:latest", "5" * 64)
    memory = prepared(cluster, workload, wanted)
    assert not workload.runs_same_bits(memory, workload.pin(memory))


def test_same_digest_with_another_environment_is_a_release(workload: Workload) -> None:
    """The template is judged, not only the image."""
    assert Noop.NO == workload.preflight(release(image=f"shop@sha256:{'1' * 64}", env={"MODE": "fast"})).noop
