"""The same releases read through the newest Prometheus, which formats bucket bounds differently."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.argo.workflow import Workflow, image, is_at_rest
from tests.lab.cluster import prometheus
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

pytestmark = [pytest.mark.e2e, pytest.mark.full]


@pytest.fixture(scope="module")
def newest() -> Iterator[str]:
    """Return the URL of a Prometheus 3 that scrapes the gateway too."""
    with prometheus.newest() as url:
        yield url


def test_a_good_release_is_promoted(lab: ClusterLab, users: Load, newest: str) -> None:
    """Its evidence is complete: requests, latency, sizes."""
    _has_a_past(lab, newest)
    release = Workflow.release(lab, "v2", "canary-release-lean", prometheus_url=newest)
    assert release.wait_for_end() == "Succeeded"
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)
    seen = users.stop()
    assert seen.failures() == ()


@pytest.mark.parametrize(("version", "said"), [("errors", "failed"), ("slow", "slower than")])
def test_a_bad_release_is_rolled_back(lab: ClusterLab, users: Load, newest: str, version: str, said: str) -> None:
    """By counters, and by buckets."""
    _has_a_past(lab, newest)
    release = Workflow.release(lab, version, "canary-release-lean", weights="[25, 50]", prometheus_url=newest)
    assert release.wait_for_end() == "Failed"
    assert release.exit_code("analyze") == 5
    assert said in release.result("analyze", "reason")
    assert "promote" not in release.ran
    assert image(lab) == "demo/shop:v1"
    assert is_at_rest(lab)
    assert users.stop().records[-1].version == "v1"


def _has_a_past(lab: ClusterLab, url: str) -> None:
    """Wait until it has seen some seconds of the app's users, from which bounds are chosen."""
    seen = f'sum(istio_requests_total{{destination_workload_namespace="{lab.namespace}"}})'
    lab.wait_for(lambda: any(float(one["value"][1]) > 500 for one in lab.query(seen, url)), 60, "a past")
