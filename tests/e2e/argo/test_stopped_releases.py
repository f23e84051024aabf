"""Releases that somebody ends: users are back on stable however it was done, and no other app is affected."""

from __future__ import annotations

import time

import pytest

from tests.e2e.argo.waiting_release import EXPIRY_SECONDS, SWEPT_SECONDS, begin, hold, meet, sweep_each_minute
from tests.e2e.argo.workflow import Workflow, image, is_at_rest, record, weight
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import configure, users_of
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

pytestmark = pytest.mark.e2e


def test_a_release_that_is_stopped_mid_rung_is_rolled_back_by_the_exit_handler(lab: ClusterLab, users: Load) -> None:
    """`argo stop` is the way that people should choose; the record says what happened."""
    release = hold(lab, users)
    release.stop()
    assert release.wait_for_end() == "Failed"
    assert release.ran == ["prepare", "analyze", "rollback", "report"]
    assert release.exit_code("analyze") == 3
    assert release.result("rollback", "outcome") == "rolled-back"
    assert image(lab) == "demo/shop:v1"
    assert is_at_rest(lab)
    recorded = record(lab)
    assert (recorded["run"], recorded["outcome"]) == (release.uid, "rolled-back")
    assert recorded["reason"] == "the workflow ended before its promote: Failed"
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v1"


def test_a_newer_image_supersedes_a_running_release(lab: ClusterLab, users: Load) -> None:
    """The first run notices that it no longer owns the claim and writes nothing; the second is promoted."""
    first = hold(lab, users)
    configure(lab)
    second = Workflow.release(lab, "v3", "canary-release-lean", weights="[50]", on_busy="supersede")
    assert first.wait_for_end() == "Failed"
    assert first.exit_code("analyze") == 7
    assert first.result("rollback", "outcome") == "not-owner"
    assert second.wait_for_end() == "Succeeded"
    assert image(lab) == "demo/shop:v3"
    assert is_at_rest(lab)
    recorded = record(lab)
    assert (recorded["run"], recorded["outcome"]) == (second.uid, "promoted")
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v3"
    # After users met the new version, nothing brought the superseded one back.
    began = seen.first_exposure("v3")
    assert began is not None
    assert seen.since(began).versions()["v2"] == 0


def test_the_sweep_restores_what_a_terminated_and_a_deleted_workflow_left(lab: ClusterLab, users: Load) -> None:
    """No exit handler runs then: the shipped CronJob brings the users of both apps back after the claims expired."""
    sweep_each_minute(lab)
    lab.deploy_app("cart")
    with users_of(lab, "cart") as shoppers:
        terminated = begin(lab, expiry_seconds=EXPIRY_SECONDS)
        deleted = begin(lab, app="cart", expiry_seconds=EXPIRY_SECONDS)
        meet(users, "v2")
        meet(shoppers, "v2")
        terminated.terminate()
        kubectl(lab, "delete", "workflow", deleted.name)
        dead = time.time()
        assert (weight(lab), weight(lab, "cart")) == (10, 10)
        assert terminated.wait_for_end() == "Failed"
        assert terminated.ran == ["prepare", "analyze"]
        for app, seen in (("shop", users), ("cart", shoppers)):
            lab.wait_for(lambda: is_at_rest(lab, app), SWEPT_SECONDS, f"the sweep of {app}")  # noqa: B023
            assert image(lab, app) == "demo/shop:v1"
            recorded = record(lab, app)
            assert recorded["outcome"] == "rolled-back"
            assert "expired" in recorded["reason"]
            assert seen.view().since(dead).versions()["v2"] > 0
            _all_on_stable_without_failure(seen)


def _all_on_stable_without_failure(users: Load) -> None:
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v1"
