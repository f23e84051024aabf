"""Users of a whole release, counted one by one: no request fails because of us, however late the mesh hears of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load import Load
from tests.support.step_run import StepResult

pytestmark = pytest.mark.integration

SLOW_SECONDS = 10.0
"""A push of istiod in a large mesh."""

WATCHED = {"CANARY_DRAIN_SECONDS": "1", "CANARY_DRAIN_LIMIT_SECONDS": "60"}


@pytest.fixture(autouse=True)
def revived(shared_lab: EmbeddedLab) -> Iterator[None]:
    """Revive the control plane after each test."""
    yield
    shared_lab.control_plane()


def without_failures(load: Load) -> int:
    """Return the number of requests; none of them may have failed."""
    view = load.stop()
    failed = [(round(one.sent, 1), one.status, one.version) for one in view.records if one.failed]
    assert [] == failed, failed[:10]
    return len(view.records)


def walked(app: LabApp, weight: int = 50) -> None:
    """Prepare a run and give its canary users."""
    app.prepared("one")
    assert 0 == app.run("set-weight", "--run", "one", "--weight", str(weight)).exit_code
    app.lab.wait_for(
        lambda: app.lab.query(f'istio_requests_total{{destination_workload="{app.canary}"}} > 20'),
        what="canary's users",
    )


def canary_pods(app: LabApp) -> int:
    """Return the replicas that the canary asks for."""
    return int(app.deployment(app.canary)["spec"]["replicas"])


def ended(result: StepResult) -> tuple[int, str, int]:
    """Return exit code, outcome, and how many requests the drain waited for at least, in whole pushes."""
    waited = max((one["seconds"] for one in result.events("drain.quiet")), default=0.0)
    return result.exit_code, result.results["outcome"], int(waited // SLOW_SECONDS)


@pytest.mark.full
def test_a_rollout_with_every_push_late_fails_no_request(shared_lab: EmbeddedLab, deploy: Deploy) -> None:
    """Through each weight, the promotion and the end of the canary."""
    app = deploy("tardy-rollout", replicas=2)
    shared_lab.control_plane(delay_seconds=3.0)
    with app.users(100) as users:
        rung = ("--ladder", "20,60", "--min-seconds", "8", "--min-scrapes", "3", "--rung-timeout-seconds", "90")
        result = app.start("rollout", "--image", app.image("v2"), *rung, **WATCHED).wait(240)
        assert (0, "promoted") == (result.exit_code, result.results["outcome"]), result.lines
        assert without_failures(users) > 1000
    assert (app.image("v2"), 0) == (app.running_image(), canary_pods(app))


@pytest.mark.full
def test_a_rollback_waits_for_a_slow_push(shared_lab: EmbeddedLab, deploy: Deploy) -> None:
    """The proxies send users to the canary for ten seconds after its weight is 0."""
    app = deploy("tardy")
    with app.users(50) as users:
        walked(app)
        shared_lab.control_plane(delay_seconds=SLOW_SECONDS)
        result = app.start("rollback", "--run", "one", **WATCHED).wait(90)
        assert (0, "rolled-back", 1) == ended(result), result.lines
        shared_lab.control_plane()
        app.lab.wait_for(lambda: not app.lab.pods(app.canary), what="the canary's end")
        assert without_failures(users) > 300
    assert 0 == canary_pods(app)


def test_a_dead_control_plane_keeps_the_canary_up(shared_lab: EmbeddedLab, deploy: Deploy) -> None:
    """Rollback says so with 4 while the proxies send users there; when it lives again, sweep or rollback finishes."""
    app = deploy("headless")
    with app.users(30) as users:
        walked(app)
        shared_lab.control_plane(alive=False)
        result = app.start("rollback", "--run", "one", **{**WATCHED, "CANARY_DRAIN_LIMIT_SECONDS": "4"}).wait(60)
        assert (4, "still-in-use") == (result.exit_code, result.code), result.lines
        assert "Prometheus still counted" in result.error
        assert ((100, 0), 1) == (app.weights(), canary_pods(app))
        shared_lab.control_plane()
        # A proxy that lost its control plane connects again after up to 30 s.
        limit = {"CANARY_DRAIN_LIMIT_SECONDS": "120"}
        result = app.start("rollback", "--run", "one", **{**WATCHED, **limit}).wait(150)
        assert (0, "rolled-back") == (result.exit_code, result.results["outcome"]), result.lines
        app.lab.wait_for(lambda: not app.lab.pods(app.canary), what="the canary's end")
        assert without_failures(users) > 300
    assert 0 == canary_pods(app)
