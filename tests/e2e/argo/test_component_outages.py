"""Parts of the cluster die while a release is on a rung: nothing is promoted by that, no user is left on a canary."""

from __future__ import annotations

import time

import pytest

from tests.e2e.argo.waiting_release import EXPIRY_SECONDS, SWEPT_SECONDS, hold, meet, sweep_each_minute
from tests.e2e.argo.workflow import Workflow, claim, image, is_at_rest, record, weight
from tests.e2e.outage import without
from tests.e2e.setup import configure
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

pytestmark = [pytest.mark.e2e, pytest.mark.full, pytest.mark.alone]


def test_the_sweep_restores_while_argo_is_dead_and_nothing_moves_when_it_is_back(lab: ClusterLab, users: Load) -> None:
    """The rung passes, but nothing continues; when Argo wants to promote later, the claim is gone."""
    sweep_each_minute(lab)
    configure(lab, min_seconds=15, expiry_seconds=EXPIRY_SECONDS)
    release = Workflow.release(lab, "v2", "canary-release-lean", weights="[50]")
    meet(users, "v2")
    with without(lab, "argo-controller"):
        lab.wait_for(lambda: is_at_rest(lab), SWEPT_SECONDS + 60, "the sweep")
        recorded = record(lab)
        assert recorded["outcome"] == "rolled-back"
        assert "expired" in recorded["reason"]
        assert users.view().records[-1].version == "v1"
        restored = users.view().last_seen("v2")
    assert release.wait_for_end() == "Failed"
    assert release.result("analyze", "verdict") == "pass"
    assert release.exit_code("promote") == 7
    assert release.result("rollback", "outcome") == "not-owner"
    assert image(lab) == "demo/shop:v1"
    assert is_at_rest(lab)
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.last_seen("v2") == restored


def test_without_prometheus_a_rung_is_inconclusive_and_never_a_pass(lab: ClusterLab, users: Load) -> None:
    """It dies in the middle of an analysis that had gone well so far; the retreat does not need it."""
    release = hold(lab, users, timeout_seconds=40)
    with without(lab, "prometheus"):
        assert release.wait_for_end() == "Failed"
    assert release.exit_code("analyze") == 6
    assert release.result("analyze", "verdict") == "inconclusive"
    assert "Prometheus" in release.result("analyze", "reason")
    assert release.result("rollback", "outcome") == "rolled-back"
    assert "promote" not in release.ran
    assert image(lab) == "demo/shop:v1"
    assert is_at_rest(lab)
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v1"


def test_a_release_outlives_a_restart_of_the_api_server(lab: ClusterLab, users: Load) -> None:
    """As in an upgrade of the control plane; a step waits for the server, or is run again."""
    configure(lab, min_seconds=20)
    release = Workflow.release(lab, "v2", "canary-release-lean")
    meet(users, "v2")
    with without(lab, "kube-apiserver"):
        met = len(users.view().records)
        users.wait_for(lambda seen: len(seen.records) > met + 10 * 50, 60)
    assert release.wait_for_end(360) == "Succeeded"
    assert release.result("promote", "outcome") == "promoted"
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v2"


def test_users_keep_their_pods_while_no_control_plane_tells_the_proxies_of_the_rollback(
    lab: ClusterLab, users: Load
) -> None:
    """The weight is 0 in the object only: the canary stays up until its last user has left, then sweep ends it."""
    sweep_each_minute(lab)
    release = hold(lab, users, expiry_seconds=EXPIRY_SECONDS)
    with without(lab, "istiod"):
        release.stop()
        assert release.wait_for_end() == "Failed"
        assert weight(lab) == 0
        stopped = time.time()
        users.wait_for(lambda view: view.since(stopped + 10).versions()["v2"] > 12, 60)
        assert claim(lab)
        assert lab.pods("shop-canary")
    lab.wait_for(lambda: is_at_rest(lab), SWEPT_SECONDS, "the sweep")
    assert image(lab) == "demo/shop:v1"
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v1"
