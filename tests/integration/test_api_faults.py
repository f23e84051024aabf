"""A failing API server: refused verbs, conflicts, error answers, lost answers."""

from __future__ import annotations

import time

import pytest

from tests.integration.conftest import Deploy
from tests.support.kubernetes_api.faults import Call

pytestmark = pytest.mark.integration


def test_a_missing_permission_is_named_before_anything_moves(deploy: Deploy) -> None:
    """Verb and resource of everything that is missing, in one sentence; nothing is written."""
    app = deploy("forbidden")
    faults = app.lab.api.faults
    faults.deny("patch", "virtualservices", name=app.name)
    faults.deny("patch", "deployments", name=app.canary)
    ended = app.run("prepare", "--image", app.image("v2"))
    assert (4, "forbidden") == (ended.exit_code, ended.code)
    assert "patch virtualservices.networking.istio.io demo/forbidden" in ended.error
    assert "patch deployments.apps demo/forbidden-canary" in ended.error
    assert "Add these verbs to its Role" in ended.error
    assert [] == app.writes()


def test_a_permission_lost_during_a_run_is_named(deploy: Deploy) -> None:
    """Exit 4 with verb, resource and who lacks it; the weight stays, and rollback works once it is granted again."""
    app = deploy("revoked")
    app.prepared("one")
    app.lab.api.faults.deny("patch", "virtualservices", name=app.name)
    ended = app.run("set-weight", "--run", "one", "--weight", "20")
    assert (4, "forbidden") == (ended.exit_code, ended.code)
    said = ("cannot patch resource", "virtualservices", "Grant this verb on this resource")
    assert [] == [part for part in said if part not in ended.error], ended.error
    assert (100, 0) == app.weights()
    app.lab.api.faults.clear()
    assert "rolled-back" == app.run("rollback", "--run", "one").results["outcome"]


def test_steps_survive_a_series_of_conflicts(deploy: Deploy) -> None:
    """Eight times another writer was faster: the step reads again, decides again and writes."""
    app = deploy("stormy")
    app.prepared("one")
    storm = app.lab.api.faults.answer(409, verb="patch", resource="virtualservices", name=app.name, times=8)
    ended = app.run("set-weight", "--run", "one", "--weight", "20")
    assert (0, 8) == (ended.exit_code, storm.hits), ended.lines
    assert (80, 20) == app.weights()


def test_every_step_survives_ten_seconds_of_errors(deploy: Deploy) -> None:
    """As when the API server restarts. Endless conflicts end with 3 and a message."""
    walking, leaving, storm = deploy("errors-walk"), deploy("errors-leave"), deploy("endless")
    for app in (walking, leaving, storm):
        app.prepared("one")
    assert 0 == leaving.run("set-weight", "--run", "one", "--weight", "20").exit_code
    faults = walking.lab.api.faults

    def concerned(call: Call) -> bool:
        return walking.concerns(call) or leaving.concerns(call)

    faults.answer(409, verb="patch", resource="virtualservices", name=storm.name, times=None)
    broken = faults.answer(500, when=concerned, seconds=10)
    began = time.monotonic()
    steps = (
        walking.start("set-weight", "--run", "one", "--weight", "20"),
        leaving.start("rollback", "--run", "one"),
        storm.start("set-weight", "--run", "one", "--weight", "20"),
    )
    walked, left, stormed = (step.wait() for step in steps)
    assert (0, 0) == (walked.exit_code, left.exit_code), (walked.lines, left.lines)
    assert time.monotonic() - began > 9
    assert broken.hits >= 8
    assert ((80, 20), (100, 0), "") == (walking.weights(), leaving.weights(), leaving.claim())
    assert (3, "temporary") == (stormed.exit_code, stormed.code)
    assert "VirtualService demo/endless: it kept changing for 10 s" in stormed.error
    assert "Run the step again" in stormed.error


def test_lasting_errors_end_as_temporary_and_leave_the_users_where_they_were(deploy: Deploy) -> None:
    """The message names the request, the status, and how long it was tried."""
    app = deploy("broken")
    app.prepared("one")
    app.lab.api.faults.answer(503, when=app.concerns, times=None, message="etcd is away")
    ended = app.run("set-weight", "--run", "one", "--weight", "20", "--api-retry-seconds", "1")
    assert (3, "temporary") == (ended.exit_code, ended.code)
    assert "reading VirtualService demo/broken: the API server answered 503 (etcd is away)" in ended.error
    assert "retried for 1 s" in ended.error
    assert (100, 0) == app.weights()


def test_a_write_whose_answer_was_lost_is_recognised_as_ours(deploy: Deploy) -> None:
    """It was done but not answered: the second attempt finds its own write."""
    app = deploy("unanswered")
    app.prepared("one")
    lost = app.lab.api.faults.lose_answer(verb="patch", resource="virtualservices", name=app.name)
    ended = app.run("set-weight", "--run", "one", "--weight", "20")
    assert (0, 1) == (ended.exit_code, lost.hits), ended.lines
    assert (80, 20) == app.weights()
