"""Registries may report one push twice or late: a digest that is being released or live on stable is released once."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp

pytestmark = pytest.mark.integration


def by_digest(app: LabApp, tag: str) -> str:
    """Publish a version, and return its reference by digest."""
    return app.lab.registry.push(app.image(tag)).by_digest


@pytest.mark.parametrize("on_busy", ["wait", "fail", "supersede"])
def test_the_digest_in_flight_is_a_green_noop_by_any_policy(deploy: Deploy, on_busy: str) -> None:
    """Exit 0 at once and nothing is written: no wait, no refusal, no rollback."""
    app = deploy(f"twice-{on_busy}")
    image = by_digest(app, "v2")
    first = app.run("prepare", "--run", "one", "--image", image)
    assert (0, "ready") == (first.exit_code, first.results["outcome"]), first.lines
    assert 0 == app.run("set-weight", "--run", "one", "--weight", "10").exit_code
    app.mark()
    second = app.run("prepare", "--run", "two", "--image", image, "--on-busy", on_busy, timeout_seconds=20)
    assert (0, "noop", image) == (second.exit_code, second.results["outcome"], second.results["canary-image"])
    assert "" == second.results["run"], "a rollback by it would hit the run that is active"
    assert "run one is active" in second.events("prepare.noop")[0]["detail"]
    assert ([], (90, 10)) == (app.writes(), app.weights())
    assert "not-owner" == app.run("rollback", "--run", "two").results["outcome"]
    assert "promoted" == app.run("promote", "--run", "one", "--unjudged", "nobody uses it").results["outcome"]
    third = app.run("prepare", "--run", "three", "--image", image, "--on-busy", on_busy)
    assert (0, "noop") == (third.exit_code, third.results["outcome"]), third.lines


def test_a_whole_rollout_of_the_digest_in_flight_says_whose_it_is(deploy: Deploy) -> None:
    """Also where the first run was asked by tag: its canary's digest is compared."""
    app = deploy("late-digest")
    image = by_digest(app, "v2")
    app.prepared("one")
    ended = app.run("rollout", "--run", "two", "--image", image)
    assert (0, "noop") == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert "run one is active" in ended.results["reason"]
    assert "one:" in app.claim()


def test_a_repeated_push_of_the_live_digest_does_not_undo_a_running_release(deploy: Deploy) -> None:
    """Otherwise a registry's late retry would bring the old version back."""
    app = deploy("late")
    live = by_digest(app, "v1")
    app.prepared("one")
    app.mark()
    ended = app.run("prepare", "--run", "two", "--image", live, "--on-busy", "supersede")
    assert (0, "noop", []) == (ended.exit_code, ended.results["outcome"], app.writes()), ended.lines
    assert "one:" in app.claim()


def test_another_digest_still_waits_or_is_refused(deploy: Deploy) -> None:
    """Only the same digest is not a second release."""
    app = deploy("others")
    app.prepared("one")
    ended = app.run("prepare", "--run", "two", "--image", by_digest(app, "v3"), "--on-busy", "fail")
    assert (7, "busy") == (ended.exit_code, ended.code)


def test_a_digest_that_failed_is_judged_again(deploy: Deploy) -> None:
    """After its rollback it is a release like any other; the earlier failure may have been the database's."""
    app = deploy("failed")
    image = by_digest(app, "v2")
    for run in ("one", "two"):
        ended = app.run("prepare", "--run", run, "--image", image, "--on-busy", "fail")
        assert (0, "ready", run) == (ended.exit_code, ended.results["outcome"], ended.results["run"]), ended.lines
        assert "rolled-back" == app.run("rollback", "--run", run).results["outcome"]


def test_two_pushes_in_one_second_are_both_released_in_turn(deploy: Deploy) -> None:
    """The run that loses the race for the claim waits by its policy; it does not end with 7."""
    app = deploy("race")
    runs = {name: app.start("prepare", "--run", name, "--image", by_digest(app, name)) for name in ("v2", "v3")}
    app.lab.wait_for(lambda: any(":prepared" in app.claim() for _ in runs), what="a claim")
    winner = app.claim().partition(":")[0]
    [loser] = set(runs) - {winner}
    assert 0 == runs[winner].wait().exit_code
    assert winner == runs[loser].wait_for_event("claim.waiting")["holder"]
    assert "rolled-back" == app.run("rollback", "--run", winner).results["outcome"]
    ended = runs[loser].wait()
    assert (0, "ready", loser) == (ended.exit_code, ended.results["outcome"], ended.results["run"]), ended.lines
