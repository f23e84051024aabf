"""Somebody else writes the VirtualService during a run: forward steps stop and name them, rollback restores stable."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE

pytestmark = pytest.mark.integration
Json = dict[str, Any]


def edit_weights(app: LabApp, stable: int, canary: int) -> None:
    """Write weights as a person with an editor does."""

    def change(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][-1]["route"], (stable, canary), strict=True):
            entry["weight"] = weight
        return item

    app.lab.api.store.change(VIRTUAL_SERVICE, "demo", app.name, change, manager="kubectl-edit")


def test_weights_edited_during_an_analysis_stop_it(deploy: Deploy) -> None:
    """Exit 4 at the next poll with writer, change and remedy; nothing is overwritten; rollback restores stable."""
    app = deploy("edited")
    app.prepared("one")
    with app.users(30):
        analysis = app.start("analyze", "--run", "one", "--weight", "20", "--min-seconds", "60")
        analysis.wait_for_event("judge.looked")
        app.mark()
        edit_weights(app, 30, 70)
        ended = analysis.wait()
    assert (4, "foreign-write") == (ended.exit_code, ended.code)
    assert "route primary has stable 30, canary 70 where this run set 80 and 20" in ended.error
    assert "last changed by kubectl-edit at " in ended.error
    assert "or end this run with rollback, which restores stable" in ended.error
    for step, flags in (("set-weight", ["--weight", "30"]), ("promote", [])):
        ended = app.run(step, "--run", "one", *flags)
        assert (4, "foreign-write") == (ended.exit_code, ended.code), (step, ended.lines)
    assert ((30, 70), app.image("v1")) == (app.weights(), app.running_image())
    ended = app.run("rollback", "--run", "one")
    assert (0, "rolled-back") == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert ((100, 0), "") == (app.weights(), app.claim())


def test_weights_edited_during_a_promote_do_not_keep_rollback_from_ending(deploy: Deploy) -> None:
    """All pods of stable run the judged version by then, so it completes the promotion, and stable has all weight."""
    app = deploy("edited-late")
    app.prepared("one")
    assert 0 == app.run("set-weight", "--run", "one", "--weight", "20").exit_code
    promote = app.start("promote", "--run", "one", "--unjudged", "it is the promote that counts here")
    promote.wait_for_event("promote.template")
    edit_weights(app, 30, 70)
    ended = promote.wait()
    assert (4, "foreign-write") == (ended.exit_code, ended.code), ended.lines
    app.lab.wait_until_rolled_out(app.name)
    ended = app.run("rollback", "--run", "one")
    assert (0, "promoted") == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert ((100, 0), "", app.image("v2")) == (app.weights(), app.claim(), app.running_image())


def test_a_rollout_whose_weights_are_edited_rolls_back(deploy: Deploy) -> None:
    """The one-process loop ends with 4 and users on stable."""
    app = deploy("edited-loop")
    with app.users(30):
        rollout = app.start("rollout", "--image", app.image("v2"), "--ladder", "20", "--min-seconds", "60")
        rollout.wait_for_event("judge.looked")
        edit_weights(app, 0, 100)
        ended = rollout.wait()
    assert (4, "rolled-back") == (ended.exit_code, ended.results["outcome"])
    assert "kubectl-edit" in ended.results["reason"]
    assert ((100, 0), "") == (app.weights(), app.claim())


def test_a_route_inserted_before_ours_stays_as_it_is(deploy: Deploy) -> None:
    """Indexes move during a run; the weights go to our route by its name, and the other's bytes are never touched."""
    app = deploy("inserted")
    app.prepared("one")
    assert 0 == app.run("set-weight", "--run", "one", "--weight", "10").exit_code
    other: Json = {
        "name": "beta",
        "match": [{"headers": {"x-beta": {"exact": "yes"}}}],
        "route": [{"destination": {"host": "inserted"}, "weight": 40}, {"destination": {"host": "beta"}, "weight": 60}],
        "timeout": "3s",
    }

    def insert(item: Json) -> Json:
        item["spec"]["http"].insert(0, copy.deepcopy(other))
        return item

    app.change(VIRTUAL_SERVICE, insert)
    ended = app.run("set-weight", "--run", "one", "--weight", "25")
    assert (0, "25", "10") == (ended.exit_code, ended.results["weight"], ended.results["previous-weight"]), ended.lines
    assert ((40, 60), (75, 25)) == (app.weights(0), app.weights(1))
    ended = app.run("rollback", "--run", "one")
    assert 0 == ended.exit_code
    assert (100, 0) == app.weights(1)
    assert other == app.virtual_service()["spec"]["http"][0]


def test_a_claim_removed_by_hand_ends_the_run(deploy: Deploy) -> None:
    """How a person takes over: no step writes any more."""
    app = deploy("by-hand")
    app.prepared("one")

    def remove(item: Json) -> Json:
        marks = item["metadata"]["annotations"]
        item["metadata"]["annotations"] = {key: value for key, value in marks.items() if "/claim." not in key}
        return item

    app.change(VIRTUAL_SERVICE, remove)
    app.mark()
    ended = app.run("set-weight", "--run", "one", "--weight", "20")
    assert (7, "not-owner") == (ended.exit_code, ended.code)
    assert "somebody removed the token to take over" in ended.error
    assert "not-owner" == app.run("rollback", "--run", "one").results["outcome"]
    assert [] == app.writes()
