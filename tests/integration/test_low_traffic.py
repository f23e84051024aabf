"""A service with little traffic is released too, with a reason that says how little was seen."""

from __future__ import annotations

import re

import pytest

from tests.integration.conftest import Deploy

pytestmark = pytest.mark.integration


def test_two_requests_a_second_are_enough_for_a_healthy_canary(deploy: Deploy) -> None:
    """Promoted by the default settings (no-harm); the sentence says which harm would have been caught.

    One rung, for time: 5 % of the same traffic takes two minutes, see tests/unit/judge.
    """
    app = deploy("rare")
    with app.users(2):
        ended = app.run("rollout", "--image", app.image("v2"), "--ladder", "50", timeout_seconds=180)
    found = (ended.exit_code, ended.results["verdict"], ended.results["outcome"])
    assert (0, "pass", "promoted") == found, ended.lines
    seen = r"healthy: errors canary \d+/\d+ v. stable \d+/\d+; with \d+ canary requests in \d+ scrapes"
    said = rf"{seen} a rise to [\d.]+ % failures or more would have been caught"
    assert re.match(said, ended.results["reason"]), ended.results["reason"]
    assert ((100, 0), "", app.image("v2")) == (app.weights(), app.claim(), app.running_image())
