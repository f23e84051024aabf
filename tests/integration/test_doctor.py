"""doctor says what is in the way of a release before anybody tries one, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.lab_app import LabApp
from tests.support.step_run import StepResult

pytestmark = pytest.mark.integration
Json = dict[str, Any]
Deploy = Callable[..., LabApp]


def report(ended: StepResult) -> Json:
    """Return what doctor printed as JSON."""
    return dict(json.loads(ended.out))


def codes(found: Json, gravity: str = "refuses") -> list[str]:
    """Return the codes of its problems."""
    return [one["code"] for one in found["problems"] if one["gravity"] == gravity]


def test_a_plain_app_may_be_released(deploy: Deploy) -> None:
    """With what its traffic can show on each rung, and without a write."""
    app = deploy("doctor-plain")
    with app.users(40):
        app.lab.wait_for(lambda: report(app.run("doctor", "--format", "json"))["ladder"], what="doctor's outlook")
        ended = app.run("doctor", "--format", "json")
        text = app.run("doctor")
    found = report(ended)
    assert (0, "ready", []) == (ended.exit_code, found["outcome"], codes(found)), found
    assert ("stable-named", "doctor-plain") == (found["topology"], found["stable"]["deployment"])
    assert [5, 25, 50] == [rung["weight"] for rung in found["ladder"]]
    assert "may start" in text.out
    assert [] == app.writes()
