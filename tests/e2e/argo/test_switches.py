"""Every switch of users under load: no request fails at a weight, a promotion or a way back, as the clients count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.argo.waiting_release import hold
from tests.e2e.argo.workflow import Workflow, image, is_at_rest
from tests.e2e.setup import users_of
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

pytestmark = pytest.mark.e2e

RATE = 200.0
"""Requests a second."""


@pytest.fixture
def crowd(lab: ClusterLab) -> Iterator[Load]:
    """Return many users of `shop`."""
    with users_of(lab, rate=RATE) as load:
        yield load


def test_no_request_fails_while_a_good_release_walks_and_is_promoted(lab: ClusterLab, crowd: Load) -> None:
    """Three weights up, the rollout of stable, the weight back, and the end of the canary."""
    release = Workflow.release(lab, "v2", "canary-release-lean", weights="[5, 50, 80]")
    assert release.wait_for_end() == "Succeeded"
    assert is_at_rest(lab)
    assert image(lab) == "demo/shop:v2"
    _nobody_failed(crowd, "v2")


@pytest.mark.full
def test_no_request_fails_while_a_good_release_is_stopped_and_rolled_back(lab: ClusterLab, crowd: Load) -> None:
    """The canary's pods end after the last request that the gateway sent them."""
    release = hold(lab, crowd)
    release.stop()
    assert release.wait_for_end() == "Failed"
    assert is_at_rest(lab)
    _nobody_failed(crowd, "v1")


def _nobody_failed(crowd: Load, version: str) -> None:
    """Assert that each request was answered, and that the last users got this version."""
    seen = crowd.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == version
    assert len(seen.records) > 20 * RATE
