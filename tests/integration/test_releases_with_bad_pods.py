"""Whole releases while something else than the version is bad: a pod for a while, a node for good, or a client.

On real Envoy and Prometheus. The lab scrapes once a second, so its "minute" has a quarter of one, as many scrapes as a
minute has by default.
"""

from __future__ import annotations

import pytest

from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp
from tests.lab.embedded.load import Load
from tests.support.step_run import RunningStep

pytestmark = pytest.mark.integration

RATE = 60.0
INCIDENT_SECONDS = 15
LADDER = ("--ladder", "20,50", "--min-seconds", "6")


def more(users: Load, seconds: float) -> None:
    """Wait until users have sent requests for so long."""
    count = len(users.view().records) + int(RATE * seconds)
    users.wait_for(lambda view: len(view.records) >= count, timeout_seconds=10 * seconds)


def incident(app: LabApp, users: Load, error_ratio: float = 0.3) -> None:
    """Let one of stable's pods fail for a while."""
    [pod, *_] = sorted(found["metadata"]["name"] for found in app.lab.pods(app.name))
    app.lab.override(pod, error_ratio=error_ratio)
    more(users, INCIDENT_SECONDS)
    app.lab.override(pod)


def released(app: LabApp, *flags: str) -> RunningStep:
    """Start the release of v2."""
    return app.start("rollout", "--image", app.image("v2"), *LADDER, *flags)


def test_a_good_release_is_promoted_after_and_during_bad_minutes_of_stables_pods(deploy: Deploy) -> None:
    """Neither the one before it nor the one on its first rung is held against it."""
    app = deploy("bad-minute", replicas=3)
    with app.users(RATE) as users:
        more(users, 5)
        incident(app, users)
        step = released(app)
        step.wait_for_event("weight.set", timeout_seconds=60)
        incident(app, users)
        ended = step.wait(120)
        failed = users.view().failed("v2")
    assert (0, "pass", "promoted") == (ended.exit_code, ended.results["verdict"], ended.results["outcome"]), ended.lines
    assert 0 == failed


def test_a_bad_release_is_rolled_back_after_a_bad_minute_of_stables_pods(deploy: Deploy) -> None:
    """An incident of stable does not blind the judge: a fifth of the canary's requests fails."""
    app = deploy("blinded", replicas=3)
    app.push("v2", error_ratio=0.2)
    with app.users(RATE) as users:
        more(users, 5)
        incident(app, users)
        ended = released(app).wait(120)
        failed = users.view().failed("v2")
    assert (5, "rolled-back") == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert failed < 100
    assert (100, 0) == app.weights()


@pytest.mark.parametrize(
    ("trials", "end"),
    [("auto", (0, "promoted")), pytest.param("never", (5, "rolled-back"), marks=pytest.mark.full)],
)
def test_a_canary_pod_on_a_bad_node_costs_a_good_release_only_without_a_second_trial(
    deploy: Deploy, trials: str, end: tuple[int, str]
) -> None:
    """Its first pod fails half of its requests; fresh pods, on another node, fail none."""
    app = deploy(f"bad-node-{trials}", replicas=3)
    with app.users(RATE) as users:
        more(users, 5)
        step = released(app, "--second-trial", trials)
        step.wait_for_event("canary.ready", timeout_seconds=60)
        for pod in app.lab.pods(app.canary):
            app.lab.override(pod["metadata"]["name"], error_ratio=0.5)
        ended = step.wait(180)
        failed = users.view().failed("v2")
    assert end == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert 0 < failed < 40


def test_an_outage_that_reaches_the_canary_first_costs_no_release(deploy: Deploy) -> None:
    """Stable fails a scrape later, so the cause was shared; if the users went back, the same pods climb again."""
    app = deploy("outage-first", replicas=3)
    with app.users(RATE) as users:
        more(users, 5)
        step = released(app)
        step.wait_for_event("weight.set", timeout_seconds=60)
        more(users, 3)
        app.lab.override(app.canary, error_ratio=1.0)
        more(users, 1)
        app.lab.override(app.name, error_ratio=1.0)
        more(users, 6)
        for arm in (app.name, app.canary):
            app.lab.override(arm)
        ended = step.wait(180)
    assert (0, "promoted") == (ended.exit_code, ended.results["outcome"]), ended.lines


@pytest.mark.full
def test_a_client_whose_requests_are_always_refused_costs_no_release(deploy: Deploy) -> None:
    """It sends a fifth of all requests, for a page that neither version has."""
    app = deploy("broken-client", replicas=3)
    for arm in (app.name, app.canary):
        app.lab.override(arm, error_ratio=1.0, error_status=404, only_paths="/gone")
    with app.users(RATE) as users, app.lab.load(RATE / 4, app.name, paths=("/gone",)) as broken:
        more(users, 5)
        ended = released(app).wait(120)
        seen = broken.view()
    assert (0, "promoted") == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert {404} == set(seen.statuses())
