"""How long users meet a canary that fails everything, as they saw it themselves, at one scrape a second."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Deploy

pytestmark = pytest.mark.integration
BACK_SECONDS = 5.0


@pytest.mark.parametrize("weight", [5, 10])
def test_users_are_back_on_stable_within_five_seconds(deploy: Deploy, weight: int) -> None:
    """From the first user who met the canary to the last one."""
    app = deploy(f"failing-{weight}")
    app.push("v2", error_ratio=1.0)
    with app.users(80) as users:
        users.wait_for(lambda view: len(view.records) > 80)
        ended = app.run("rollout", "--image", app.image("v2"), "--ladder", f"{weight},50")
        seen = users.stop()
    found = (ended.exit_code, ended.results["verdict"], ended.results["outcome"])
    assert (5, "fail", "rolled-back") == found, ended.lines
    assert seen.first_exposure("v2") is not None
    assert seen.exposed_seconds("v2") <= BACK_SECONDS, ended.lines
    assert seen.failed() == seen.versions()["v2"] <= 80 * BACK_SECONDS * weight / 100 * 2
    assert 0 == seen.failed("v1")
    assert ((100, 0), "", app.image("v1")) == (app.weights(), app.claim(), app.running_image())
    assert "fail" in ended.results["reason"]
