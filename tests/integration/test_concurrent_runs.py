"""A second run of the same app, with each policy; the claim decides, not the pipeline."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp

pytestmark = pytest.mark.integration


def second(app: LabApp, on_busy: str, *flags: str) -> tuple[str, ...]:
    """Return the flags of a second run."""
    return ("--run", "two", "--image", app.image("v2"), "--on-busy", on_busy, *flags)


def test_a_second_run_may_fail_wait_or_supersede(deploy: Deploy) -> None:
    """`fail` and too short a wait end with 7 and write nothing; waiting ends with the first run; all name its id."""
    app = deploy("busy")
    app.prepared("one")
    assert 0 == app.run("set-weight", "--run", "one", "--weight", "10").exit_code
    app.mark()
    for flags in (second(app, "fail"), second(app, "wait", "--busy-timeout-seconds", "0")):
        ended = app.run("prepare", *flags)
        assert (7, "busy") == (ended.exit_code, ended.code)
        assert "run one of busy owns it (phase walking" in ended.error
        assert "--on-busy supersede" in ended.error
    assert [] == app.writes()
    assert (90, 10) == app.weights()

    waiting = app.start("prepare", *second(app, "wait"))
    assert "one" == waiting.wait_for_event("claim.waiting")["holder"]
    assert 0 == app.run("rollback", "--run", "one").exit_code
    ended = waiting.wait()
    assert (0, "ready", "two") == (ended.exit_code, ended.results["outcome"], ended.results["run"])
    assert "two:" in app.claim()


def test_a_superseding_run_rolls_the_first_back_and_fences_it_off(deploy: Deploy) -> None:
    """The users are back on stable before the second begins, and the first can write no more."""
    app = deploy("superseded")
    app.prepared("one")
    assert 0 == app.run("set-weight", "--run", "one", "--weight", "50").exit_code
    app.push("v3")
    ended = app.run("prepare", "--run", "two", "--image", app.image("v3"), "--on-busy", "supersede")
    assert (0, "ready") == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert "one" == ended.events("claim.taken_over")[0]["victim"]
    assert (100, 0) == app.weights()
    app.mark()
    for step, flags in (("set-weight", ["--weight", "60"]), ("promote", []), ("analyze", ["--weight", "60"])):
        late = app.run(step, "--run", "one", *flags)
        assert (7, "not-owner") == (late.exit_code, late.code), late.lines
        assert "run two owns it" in late.error
    late = app.run("rollback", "--run", "one")
    assert (0, "not-owner") == (late.exit_code, late.results["outcome"])
    assert [] == app.writes()


def test_the_same_run_prepared_twice_is_one_run(deploy: Deploy) -> None:
    """A repeated step of a pipeline is not a second run."""
    app = deploy("again")
    first, again = app.prepared("one"), app.prepared("one")
    assert first.results == again.results


def test_a_step_without_a_claim_leaves_a_claimed_app_alone(deploy: Deploy) -> None:
    """Single steps serve other pipelines, but not against a run."""
    app = deploy("claimed")
    assert 0 == app.run("set-weight", "--weight", "0").exit_code
    app.prepared("one")
    app.mark()
    ended = app.run("set-weight", "--weight", "20")
    assert (7, "busy") == (ended.exit_code, ended.code)
    assert "run one of claimed owns it" in ended.error
    assert [] == app.writes()
