"""A release of what another run already releases, or stable still runs, is detected before it waits for anybody."""

from dataclasses import replace

import pytest

from steps.model.run import Claim, Destination, Phase, Pin, RunState
from steps.workload.duplicate import request_fingerprint
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.shop_release import release

TWO = f"shop@sha256:{'2' * 64}"
THREE = f"shop@sha256:{'3' * 64}"


def held(phase: Phase = Phase.WALKING, pin: Pin | None = None, asked: str = "") -> Claim:
    """Return the live claim of another run."""
    memory = RunState(0.0, 600.0, (), Destination("shop"), Destination("shop-canary"), pin=pin, asked=asked)
    return Claim("shop", "other", 1, phase, memory)


@pytest.mark.parametrize("image", ["shop:2", "", "registry.test:5000/shop:latest"])
def test_an_image_by_tag_is_never_the_same(image: str) -> None:
    """It may mean another digest a second later."""
    assert "" == request_fingerprint(release(image=image))


def test_only_digest_container_environment_and_patch_count() -> None:
    """The registry and a tag beside the digest do not change what runs."""
    one = request_fingerprint(release(image=TWO))
    assert 16 == len(one)
    assert one == request_fingerprint(release(image=f"mirror.test:5000/team/shop:v2@sha256:{'2' * 64}"))
    others = [
        release(image=THREE),
        release(image=TWO, env={"MODE": "fast"}),
        release(image=TWO, container="app"),
        release(image=TWO, template_patch={"spec": {}}),
    ]
    assert 5 == len({one, *map(request_fingerprint, others)})


def test_a_run_is_known_by_its_request_from_its_first_write(workload: Workload) -> None:
    """Before its canary exists, when nothing else identifies it."""
    claim = held(Phase.PREPARED, asked=request_fingerprint(release(image=TWO)))
    assert workload.is_duplicate(release(image=TWO), claim)
    assert not workload.is_duplicate(release(image=THREE), claim)


def test_a_run_requested_by_tag_is_known_by_what_its_canary_runs(cluster: FakeCluster, workload: Workload) -> None:
    """A person released the tag, then the registry announced its digest; a changed template is another release."""
    memory = prepared(cluster, workload, release(image="shop:2"))
    claim = held(pin=workload.pin(memory))
    assert workload.is_duplicate(release(image=TWO), claim)
    assert not workload.is_duplicate(release(image=THREE), claim)
    assert not workload.is_duplicate(release(image=TWO, env={"MODE": "fast"}), claim)
    assert not workload.is_duplicate(release(image=TWO), held()), "nothing is pinned yet"
    cluster.set_image("shop-canary", "shop:9")
    assert not workload.is_duplicate(release(image=TWO), claim), "somebody else changed the canary"


def test_what_stable_still_runs_is_the_same_until_it_is_being_replaced(workload: Workload) -> None:
    """A late second announcement of the live digest must not undo the release in progress."""
    live = release(image=f"shop@sha256:{'1' * 64}")
    assert workload.is_duplicate(live, held(Phase.PREPARED))
    assert workload.is_duplicate(live, held(Phase.WALKING))
    assert not workload.is_duplicate(live, held(Phase.PROMOTING))


@pytest.mark.parametrize("image", [TWO, f"shop@sha256:{'1' * 64}"])
def test_nothing_is_the_same_as_a_run_that_rolls_back(workload: Workload, image: str) -> None:
    """A release that just failed may be judged again after the rollback."""
    claim = held(Phase.ROLLING_BACK, asked=request_fingerprint(release(image=image)))
    assert not workload.is_duplicate(release(image=image), claim)
    assert workload.is_duplicate(release(image=image), replace(claim, phase=Phase.PREPARED))
