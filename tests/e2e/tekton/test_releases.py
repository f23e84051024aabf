"""Releases by the shipped Pipelines, start to end: real controller, real webhook, real mesh."""

from __future__ import annotations

import pytest

from tests.e2e.tekton import installation
from tests.e2e.tekton.releases import (
    BAD,
    GOOD,
    STABLE,
    assert_users_on_stable,
    deploy,
    last,
    refused,
    run_task,
    served_image,
    start,
    state,
    users,
    weights,
)
from tests.lab.cluster.api import documents
from tests.lab.cluster.lab import ClusterLab

pytestmark = pytest.mark.e2e


def test_the_webhook_takes_every_run_that_is_shipped(lab: ClusterLab) -> None:
    """Tasks, StepActions and Pipelines were applied by the fixture; a misspelt one would be refused here."""
    paths = [*installation.TEKTON.glob("run/*.yaml"), *installation.TEKTON.glob("task/*/samples/*.yaml")]
    assert len(paths) >= 15
    assert {} == {path.name: said for path in paths for one in documents(path) if (said := refused(lab, one))}
    (pipeline,) = documents(installation.TEKTON / "pipeline" / "canary-release.yaml")
    pipeline["metadata"]["name"] = "misspelt"
    pipeline["spec"]["finally"][0]["params"][0]["value"] = "$(params.ap)"
    assert "params.ap" in refused(lab, pipeline)


def test_a_good_release_is_promoted_and_the_same_again_is_a_green_noop(lab: ClusterLab) -> None:
    """Meanwhile another image fails by `on-busy: fail` without touching it; the same image waits and is a noop."""
    deploy(lab, "shop")
    with users(lab, "shop") as load:
        release = start(lab, "shop", GOOD)
        release.wait_for_weight(5)
        rival = start(lab, "shop", BAD, on_busy="fail")
        twin = start(lab, "shop", GOOD)
        assert "Failed" == rival.wait()
        assert ([7], [0, 4, 0]) == (rival.codes("prepare"), rival.codes("finish"))
        assert "Completed" == twin.wait()
        assert "Succeeded" == release.wait()
        assert {"prepare": "ready", "outcome": "promoted"}.items() <= release.results.items()
        assert [0, 0, 0] == release.codes("finish")
        assert_users_on_stable(lab, "shop", GOOD)
        assert [5, 25, 50, 0] == [weight for _, weight in last(lab, "shop")["weights"]]
        before = state(lab, "shop")
        again = start(lab, "shop", GOOD)
        assert "Completed" == again.wait()
        assert "noop" == again.results["prepare"]
        assert {"prepare", "finish"} == set(again.tasks) == set(twin.tasks)
        assert before == state(lab, "shop")
        seen = load.stop()
    # A pod that ends may lose a request: the demo app has no preStop hook.
    assert seen.failed() <= 0.005 * len(seen.records), seen.statuses()


def test_a_canary_that_fails_everything_is_rolled_back(lab: ClusterLab) -> None:
    """The rung moves the users back; finish ends the run, and no later weight is set."""
    deploy(lab, "till")
    with users(lab, "till") as load:
        release = start(lab, "till", BAD)
        assert "Failed" == release.wait()
        seen = load.stop()
    assert {"prepare", "set-weight-5", "analyze-5", "finish"} == set(release.tasks)
    assert ([5], [0, 0, 0]) == (release.codes("analyze-5"), release.codes("finish"))
    told = {one["name"]: one["value"] for one in release.tasks["finish"]["status"]["results"]}
    assert ("rolled-back", "rolled-back") == (told["rollback"], told["outcome"])
    assert "failed" in told["reason"]
    assert_users_on_stable(lab, "till")
    assert seen.statuses()[500] < 50 * 0.05 * 30, "users were exposed for longer than 30 s"


def test_a_release_in_one_pod_is_promoted(lab: ClusterLab) -> None:
    """Two pods in all, by a ladder that the run names."""
    deploy(lab, "desk")
    with users(lab, "desk"):
        release = start(lab, "desk", GOOD, "canary-release-one-pod", ladder="20,50")
        assert "Succeeded" == release.wait()
    assert {"rollout", "finish"} == set(release.tasks)
    assert {"rollout": "promoted", "outcome": "promoted"}.items() <= release.results.items()
    assert_users_on_stable(lab, "desk", GOOD)


@pytest.mark.full
def test_a_gate_waits_for_a_person_and_goes_on_when_one_approves(lab: ClusterLab) -> None:
    """It continues to judge at the last weight; the Task canary-approve is one way to approve."""
    deploy(lab, "booth")
    with users(lab, "booth"):
        release = start(lab, "booth", GOOD, "canary-release-gated")
        lab.wait_for(lambda: weights(lab, "booth") == [50, 50], 300, "the last weight")
        lab.wait_for(lambda: "gate" in release.tasks, 120, "the gate")
        assert "promote" not in release.tasks
        run_task(lab, "yes", "walker", "canary-approve", {"app": "booth", "run": release.uid})
        assert "Succeeded" == release.wait()
    assert_users_on_stable(lab, "booth", GOOD)


@pytest.mark.full
def test_an_app_that_cannot_be_released_is_left_alone(lab: ClusterLab) -> None:
    """It is refused before anything is written; finish finds nothing to do and the run fails."""
    deploy(lab, "crate")
    release = start(lab, "crate", GOOD, prometheus_url="http://127.0.0.1:9")
    assert "Failed" == release.wait()
    assert release.codes("prepare")[0] in {3, 4}
    assert [0, 4, 0] == release.codes("finish")
    assert ([100, 0], STABLE) == (weights(lab, "crate"), served_image(lab, "crate"))
