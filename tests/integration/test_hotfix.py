"""Hotfix on real Envoy and Prometheus: only a broken stable is replaced, and without a comparison with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from steps.settings.hotfix import HotfixRungSettings
from tests.integration.lab_app import LabApp
from tests.lab.embedded.load import Load

pytestmark = pytest.mark.integration

Deploy = Callable[..., LabApp]
HOTFIX = ("--hotfix", "--reason", "checkout fails", "--hotfix-min-seconds", "4")
assert "hotfix_min_seconds" in HotfixRungSettings.model_fields


def broken(deploy: Deploy, name: str, **knobs: float | bool) -> tuple[LabApp, Load]:
    """Deploy an app whose running version has a fault, with users who have met it."""
    app = deploy(name, wait=False)
    app.lab.override(name, **knobs)
    load = app.users(40)
    app.wait_until_known()
    return app, load


def test_a_hotfix_heals_the_users_of_a_stable_that_fails(deploy: Deploy) -> None:
    """Stable fails 30 %; the users of the hotfix have no failure any more, and it is promoted and recorded as one."""
    app, load = broken(deploy, "hot-good", error_ratio=0.3)
    with load:
        load.wait_for(lambda view: view.failed("v1") >= 10)
        ended = app.run("rollout", "--image", app.image("v2"), *HOTFIX)
    assert (0, "promoted", "pass") == (ended.exit_code, ended.results["outcome"], ended.results["verdict"])
