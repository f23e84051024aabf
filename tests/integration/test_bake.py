"""A fault that begins after the promotion, on real Envoy and Prometheus: the old version has the users again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.conftest import Deploy
from tests.lab.embedded.lab import EmbeddedLab

pytestmark = pytest.mark.integration
AFTER_SECONDS = 4


@pytest.fixture
def database(shared_lab: EmbeddedLab) -> Iterator[EmbeddedLab]:
    """Return the lab, whose database is up again after the test."""
    yield shared_lab
    shared_lab.database(up=True)


@pytest.mark.parametrize("topology", ["stable-named", "swap"])
def test_a_fault_after_the_promotion_is_undone(deploy: Deploy, database: EmbeddedLab, topology: str) -> None:
    """The new version needs a database that goes down some seconds later; the old one does not need it."""
    app = deploy(f"baked-{topology}")
    if topology == "swap":
        database.deploy_canary(app.name, app.image("v1"))
    app.push("v2", uses_database=True)
    with app.users(40) as users:
        step = app.start(
            "rollout", "--image", app.image("v2"), "--ladder", "50", "--topology", topology,
            "--bake-seconds", "60", "--min-requests", "30",
        )  # fmt: skip
        step.wait_for_event("bake.started", timeout_seconds=60)
        began = len(users.view().records)
        users.wait_for(lambda view: len(view.records) > began + 40 * AFTER_SECONDS)
        database.database(up=False)
        ended = step.wait(90)
        back = len(users.view().records)
        users.wait_for(lambda view: len(view.records) > back + 80)
        seen = users.stop()

    found = (ended.exit_code, ended.results["verdict"], ended.results["outcome"])
    assert (5, "fail", "undone") == found, ended.lines
    assert "failed in bake" in ended.results["reason"]
    assert (100, 0) == app.weights()
    assert ("", app.image("v1")) == (app.claim(), app.running_image())
    assert {"v1"} == {one.version for one in seen.records[-40:]}
    assert 0 == seen.failed("v1")
    assert [] == [one for one in seen.records[: began + 40 * AFTER_SECONDS] if one.failed]
