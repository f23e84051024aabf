"""A canary whose pods do not get or stay ready, and a stable that is down when it is needed."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Deploy
from tests.support.kubernetes_api.kinds import POD

pytestmark = pytest.mark.integration


def test_a_canary_that_never_gets_ready_gets_no_user(deploy: Deploy) -> None:
    """Exit 3 with the counts and the failing probe; traffic never moved; rollout has rolled back by itself."""
    app = deploy("unready")
    app.push("v2", ready=False)
    ended = app.run("rollout", "--image", app.image("v2"), "--ready-timeout-seconds", "2")
    assert (3, "rolled-back") == (ended.exit_code, ended.results["outcome"]), ended.lines
    said = (
        "waiting for Deployment demo/unready-canary: after 2 s 0 of 1 pods are available.",
        "the readiness probe (GET /ready on port 8080) of container app in pod unready-canary-",
    )
    assert [] == [part for part in said if part not in ended.results["reason"]], ended.results
    assert [] == ended.events("weight.set")
    assert ((100, 0), "") == (app.weights(), app.claim())
    assert 0 == app.deployment(app.canary)["spec"]["replicas"]


def test_a_prepare_that_did_not_end_keeps_its_claim_for_the_rollback(deploy: Deploy) -> None:
    """With single steps: prepare fails, rollback cleans up; a full cluster is reported in the scheduler's words."""
    app = deploy("homeless")
    app.lab.unschedulable(app.canary, "0/3 nodes are available: 3 Insufficient memory.")
    ended = app.run("prepare", "--run", "one", "--image", app.image("v2"), "--ready-timeout-seconds", "1")
    assert (3, "temporary") == (ended.exit_code, ended.code)
    assert "cannot be scheduled: 0/3 nodes are available: 3 Insufficient memory." in ended.error
    assert "one:" in app.claim()
    ended = app.run("promote", "--run", "one")
    assert 4 == ended.exit_code
    assert "prepare did not finish. Run prepare again, or roll back." in ended.error
    assert "rolled-back" == app.run("rollback", "--run", "one").results["outcome"]
    assert ("", 0) == (app.claim(), app.deployment(app.canary)["spec"]["replicas"])


def test_a_canary_that_crashes_at_once_is_reported_with_its_exit_code(deploy: Deploy) -> None:
    """Permanent: waiting for a crash loop does not help."""
    app = deploy("crashing")
    app.push("v2", crash_after_seconds=0.01, exit_code=9)
    ended = app.run("prepare", "--run", "one", "--image", app.image("v2"))
    assert (4, "permanent") == (ended.exit_code, ended.code), ended.lines
    assert "container app of pod crashing-canary-" in ended.error
    assert "keeps crashing" in ended.error
    assert "last with exit code 9" in ended.error
    assert "kubectl logs --previous" in ended.error


def test_a_canary_that_crashes_at_weight_is_rolled_back(deploy: Deploy) -> None:
    """Its pods' health or its users' errors, whichever is seen first; everybody is back on stable."""
    app = deploy("crash-later")
    app.push("v2", crash_on_request=4)
    with app.users(40) as users:
        ended = app.run("rollout", "--image", app.image("v2"), "--ladder", "20,50", "--max-restarts", "0")
        back = users.view()
    assert (5, "fail", "rolled-back") == (ended.exit_code, ended.results["verdict"], ended.results["outcome"])
    assert [20] == [line["weight"] for line in ended.events("weight.set")]
    assert ended.results["reason"]
    assert ((100, 0), "", app.image("v1")) == (app.weights(), app.claim(), app.running_image())
    assert back.share("v1") > 0.8


def test_a_deleted_canary_pod_does_not_end_the_release(deploy: Deploy) -> None:
    """`kubectl delete pod`, a slow start: users are back on stable at once, then the same rung passes after all."""
    app = deploy("deleted")
    app.push("v2", start_delay_seconds=4)
    app.prepared("one")
    with app.users(60) as users:
        running = app.start("analyze", "--run", "one", "--weight", "20", "--min-seconds", "6")
        running.wait_for_event("judge.looked")
        for pod in app.lab.pods(app.canary):
            app.lab.api.store.delete(POD, app.lab.namespace, pod["metadata"]["name"])
        paused = running.wait_for_event("weight.paused")
        assert (100, 0) == app.weights()
        ended = running.wait()
        seen = users.view()
    assert (0, "pass") == (ended.exit_code, ended.results["verdict"]), ended.lines
    assert "was deleted" in paused["reason"]
    assert [20] == [line["weight"] for line in ended.events("weight.resumed")]
    assert (80, 20) == app.weights()
    assert seen.failed() < 60 * 5 * 0.2, "no more than five seconds of the canary's part"


def test_with_only_the_canary_ready_rollback_holds_the_weight(deploy: Deploy) -> None:
    """Users that are served stay served: exit 4, the claim is kept; once stable is back, the next rollback ends it."""
    app = deploy("alone")
    app.prepared("one")
    assert 0 == app.run("set-weight", "--run", "one", "--weight", "50").exit_code
    app.lab.override(app.name, ready=False)
    app.lab.wait_for(lambda: not app.deployment()["status"].get("availableReplicas"), what="stable being down")
    ended = app.run("rollback", "--run", "one")
    assert (4, "weight-held") == (ended.exit_code, ended.code), ended.lines
    held = "stable Deployment demo/alone has no ready pod, but the canary may have one. The weight stays at 50"
    assert held in ended.error
    assert "Fix stable, then run rollback again" in ended.error
    assert (50, 50) == app.weights()
    assert "one:" in app.claim()
    app.lab.override(app.name)
    app.lab.wait_until_rolled_out(app.name)
    ended = app.run("rollback", "--run", "one")
    assert (0, "rolled-back") == (ended.exit_code, ended.results["outcome"])
    assert ((100, 0), "") == (app.weights(), app.claim())
