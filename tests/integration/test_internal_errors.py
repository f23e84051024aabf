"""A bug of ours in the middle of a rollout is reported with its traceback, and users are on stable nevertheless."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from steps.actions import watch
from tests.integration.conftest import Deploy
from tests.support.step_run import StepFiles, run_in_process

pytestmark = pytest.mark.integration


def test_a_crash_does_not_leave_users_on_the_canary(
    deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody watches it any more."""
    app = deploy("defective")
    weights = []

    def judged(*_: Any, **__: Any) -> None:
        weights.append(app.weights())
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(watch, "judge_against_control", judged)
    flags = ("--image", app.image("v2"), "--ladder", "50")
    ended = run_in_process("rollout", flags, app.env, StepFiles("rollout", tmp_path / "crashed"), 60.0)

    assert (1, "unknown-error") == (ended.exit_code, ended.code)
    assert 1 == len(ended.events("step.crashed"))
    assert [(50, 50)] == weights
    assert ("", (100, 0), app.image("v1")) == (app.claim(), app.weights(), app.running_image())
