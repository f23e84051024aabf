"""Sweep cleans up whatever a dead run left, and touches nothing else."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import deploy_to
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from tests.support.pushgateway import PushgatewayStandIn

pytestmark = pytest.mark.integration
Json = dict[str, Any]
EXPIRED = 700.0


@pytest.fixture(scope="module")
def lab() -> Iterator[EmbeddedLab]:
    """Return a lab of its own: sweep handles all apps of a namespace, and the tests move the clock."""
    with EmbeddedLab() as lab:
        yield lab


@pytest.fixture(scope="module")
def apps(lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LabApp, LabApp]]:
    """Return two apps that serve; every test leaves them without a claim."""
    folder = tmp_path_factory.mktemp("steps")
    two = deploy_to(lab, "shop", folder), deploy_to(lab, "till", folder)
    yield two
    for app in two:
        app.remove()


@pytest.fixture(autouse=True)
def put_back(lab: EmbeddedLab) -> Iterator[None]:
    """Reset the clock."""
    yield
    lab.api.faults.clear()
    lab.api.store.clock_offset_seconds = 0.0


def walked(app: LabApp, weight: int = 25) -> None:
    """Let a run die at a weight."""
    app.prepared()
    assert 0 == app.run("set-weight", "--run", "one", "--weight", str(weight)).exit_code
    assert (100 - weight, weight) == app.weights()


def expire(lab: EmbeddedLab) -> None:
    """Let all claims expire."""
    lab.api.store.clock_offset_seconds += EXPIRED


def is_restored(app: LabApp) -> bool:
    """Return whether the app is as before its release."""
    metadata = app.virtual_service()["metadata"]
    ours = [key for key in metadata.get("annotations", {}) if "canary-steps.io/" in key and "/last." not in key]
    labels = [key for key in metadata.get("labels") or {} if "canary-steps.io/" in key]
    canary = app.deployment(app.canary)
    marks = [*ours, *labels, *(key for key in canary["metadata"].get("annotations") or {} if "/claim." in key)]
    return (app.weights(), canary["spec"]["replicas"], marks) == ((100, 0), 0, [])


def annotate(app: LabApp, key: str, value: str) -> None:
    """Set one annotation as somebody else would."""

    def change(item: Json) -> Json:
        item["metadata"]["annotations"][key] = value
        return item

    app.change(VIRTUAL_SERVICE, change)


def outcomes(results: dict[str, str]) -> dict[str, str]:
    """Return the result as app → outcome."""
    return {row["app"]: row["outcome"] for row in json.loads(results["list"])}


def test_a_rollout_killed_on_a_rung_is_rolled_back(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """By kill -9, with users on the canary; Prometheus is not asked."""
    shop, _ = apps
    with shop.users(20):
        rollout = shop.start("rollout", "--image", shop.image("v2"), "--ladder", "25", "--min-seconds", "60")
        rollout.wait_for_event("weight.set")
        rollout.stop()
        assert (75, 25) == shop.weights()
        expire(lab)
        ended = shop.run("sweep", CANARY_APP="", CANARY_PROMETHEUS_URL="http://192.0.2.1:9")
    assert (0, {"demo/shop": "rolled-back"}) == (ended.exit_code, outcomes(ended.results)), ended.lines
    assert is_restored(shop)
    assert "expired" in shop.run("report").results["reason"]


def test_all_expired_claims_are_swept_with_a_log_line_each(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """Two apps at once."""
    for app in apps:
        walked(app)
    expire(lab)
    ended = apps[0].run("sweep")
    assert {"demo/shop": "rolled-back", "demo/till": "rolled-back"} == outcomes(ended.results)
    assert ["demo/shop", "demo/till"] == sorted(line["claim"] for line in ended.events("sweep.claim"))
    assert all(is_restored(app) for app in apps)


def test_users_of_every_app_are_back_before_any_canary_goes_down(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """A slow pod must not keep another app's users on a dead run's canary."""
    for app in apps:
        walked(app)
        app.mark()
    expire(lab)
    apps[0].run("sweep")
    writes = [call for app in apps for call in app.writes() if call.status < 300]
    last_weight = max(call.number for call in writes if b"/weight" in call.body)
    first_scaled = min(call.number for call in writes if b"/spec/replicas" in call.body)
    assert last_weight < first_scaled


def test_living_claims_are_left_alone(apps: tuple[LabApp, LabApp]) -> None:
    """Nothing is written while a run is alive."""
    shop, _ = apps
    walked(shop)
    token = shop.claim()
    shop.mark()
    ended = shop.run("sweep")
    assert (0, "[]") == (ended.exit_code, ended.results["list"])
    assert ([], token) == (shop.writes(), shop.claim())
    shop.run("rollback", "--run", "one")


def test_nothing_to_do_succeeds(apps: tuple[LabApp, LabApp]) -> None:
    """One list request, exit 0."""
    shop, _ = apps
    asked = len(shop.lab.api.faults.log)
    ended = shop.run("sweep")
    assert (0, "[]") == (ended.exit_code, ended.results["list"])
    calls = [call for call in shop.lab.api.faults.log[asked:] if call.user_agent == "canary-steps"]
    assert ["list"] == [call.verb for call in calls]


def test_a_rehearsal_writes_nothing(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """And reports what it would do."""
    shop, _ = apps
    walked(shop)
    expire(lab)
    shop.mark()
    ended = shop.run("sweep", "--dry-run")
    assert (0, {"demo/shop": "rolled-back"}) == (ended.exit_code, outcomes(ended.results)), ended.lines
    assert ([], (75, 25)) == (shop.writes(), shop.weights())
    assert ended.events("dry_run.write")
    assert {"demo/shop": "rolled-back"} == outcomes(shop.run("sweep").results)


def test_an_unreadable_claim_does_not_stop_the_others(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """It ends with 4 and the command that helps; the good claim is swept."""
    shop, till = apps
    walked(shop)
    walked(till)
    memory = "canary-steps.io/run.shop"
    whole = shop.virtual_service()["metadata"]["annotations"][memory]
    annotate(shop, memory, "{}")
    expire(lab)
    ended = shop.run("sweep")
    assert (4, {"demo/till": "rolled-back"}) == (ended.exit_code, outcomes(ended.results))
    assert "kubectl annotate virtualservice -n demo shop" in ended.error
    assert is_restored(till)
    annotate(shop, memory, whole)
    assert {"demo/shop": "rolled-back"} == outcomes(shop.run("sweep").results)


def test_a_claim_that_meets_a_fault_does_not_stop_the_others(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """Its Deployments answer 500: exit 3, both apps' users are back, the other claim is gone."""
    shop, till = apps
    walked(shop)
    walked(till)
    expire(lab)
    lab.api.faults.answer(500, resource="deployments", name="shop-canary", verb="patch", times=None)
    ended = shop.run("sweep", "--api-retry-seconds", "1")
    assert (3, {"demo/shop": "failed", "demo/till": "rolled-back"}) == (ended.exit_code, outcomes(ended.results))
    assert is_restored(till)
    lab.api.faults.clear()
    expire(lab)
    assert {"demo/shop": "rolled-back"} == outcomes(shop.run("sweep").results)
    assert is_restored(shop)


def test_a_stable_that_is_down_keeps_its_users_on_the_canary(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """Exit 4, weight and claim are kept; once stable is back, the next sweep restores it."""
    shop, _ = apps
    walked(shop)
    shop.change(DEPLOYMENT, lambda item: item | {"spec": item["spec"] | {"replicas": 0}})
    lab.wait_for(lambda: not shop.deployment()["status"].get("availableReplicas"))
    expire(lab)
    ended = shop.run("sweep")
    assert (4, (75, 25)) == (ended.exit_code, shop.weights())
    assert "Fix stable" in ended.error
    lab.api.store.clock_offset_seconds = 0.0  # pods made in the future would not count as available
    shop.change(DEPLOYMENT, lambda item: item | {"spec": item["spec"] | {"replicas": 1}})
    lab.wait_until_rolled_out("shop")
    lab.api.store.clock_offset_seconds = 2 * EXPIRED
    assert {"demo/shop": "rolled-back"} == outcomes(shop.run("sweep").results)
    assert is_restored(shop)


def test_two_sweeps_at_once_are_harmless(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """Each claim is taken by one of them; both end with 0."""
    for app in apps:
        walked(app)
    expire(lab)
    sweeps = [apps[0].start("sweep") for _ in range(2)]
    ended = [sweep.wait() for sweep in sweeps]
    assert [0, 0] == [one.exit_code for one in ended], [one.lines for one in ended]
    restored = [row for one in ended for row in json.loads(one.results["list"]) if row["outcome"] == "rolled-back"]
    assert ["demo/shop", "demo/till"] == sorted(row["app"] for row in restored)
    assert all(is_restored(app) for app in apps)


def test_all_namespaces_are_swept_on_request(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """Without the flag it sees no other namespace, with it all."""
    shop, _ = apps
    walked(shop)
    expire(lab)
    assert "[]" == shop.run("sweep", "--namespace", "default").results["list"]
    assert {"demo/shop": "rolled-back"} == outcomes(shop.run("sweep", "--all-namespaces").results)


def test_a_sweep_that_was_killed_is_finished_by_the_next(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """Killed after its second write; its own claim expires two minutes later."""
    shop, _ = apps
    walked(shop)
    expire(lab)
    shop.lab.api.faults.on_write(2, lambda _: sweep.stop(), only=shop.concerns)
    sweep = shop.start("sweep")
    assert 0 != sweep.wait().exit_code
    assert "[]" == shop.run("sweep").results["list"]
    lab.api.store.clock_offset_seconds += 130
    assert {"demo/shop": "rolled-back"} == outcomes(shop.run("sweep").results)
    assert is_restored(shop)


def test_a_sweep_can_be_ended_while_it_drains(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """SIGTERM: users are back by then; the next one takes the canary down."""
    shop, _ = apps
    walked(shop)
    expire(lab)
    sweep = shop.start("sweep", "--drain-seconds", "60")
    sweep.wait_for_event("weight.retreated")
    os.kill(sweep.process.pid, signal.SIGTERM)
    ended = sweep.wait(10)
    assert (3, "interrupted", "") == (ended.exit_code, ended.code, ended.results["list"])
    assert (100, 0) == shop.weights()
    lab.api.store.clock_offset_seconds += 130
    assert {"demo/shop": "rolled-back"} == outcomes(shop.run("sweep").results)
    assert is_restored(shop)


def test_an_approval_opens_the_gate_of_a_run(apps: tuple[LabApp, LabApp]) -> None:
    """`analyze --hold` goes on only after `approve`, which only the owner's run may be given."""
    shop, _ = apps
    with shop.users(60):
        shop.prepared()
        hold = shop.start("analyze", "--run", "one", "--weight", "50", "--hold", "--min-requests", "10")
        hold.wait_for_event("judge.looked")
        assert 7 == shop.run("approve", "--run", "another").exit_code
        assert hold.process.poll() is None
        assert "approved" == shop.run("approve", "--run", "one").results["outcome"]
        assert (0, "pass") == ((ended := hold.wait()).exit_code, ended.results["verdict"])
    assert "rolled-back" == shop.run("rollback", "--run", "one").results["outcome"]
    assert is_restored(shop)


def test_a_swept_run_is_pushed_as_rescued_and_a_living_one_is_left_to_itself(
    lab: EmbeddedLab, apps: tuple[LabApp, LabApp], tmp_path: Path
) -> None:
    """The dead one cannot push; the file has every app."""
    shop, till = apps
    walked(shop)
    expire(lab)
    till.prepared("two")
    file = tmp_path / "apps.prom"
    with PushgatewayStandIn() as gateway:
        flags = ("--pushgateway-url", gateway.url, "--metrics-file", str(file))
        assert 0 == shop.run("sweep", *flags, CANARY_APP="").exit_code
    assert ["/metrics/job/canary-steps/app/shop/namespace/demo"] == list(gateway.groups)
    (text,) = gateway.groups.values()
    assert 'canary_steps_last_release_rescued{app="shop",namespace="demo"} 1.0' in text
    assert 'canary_steps_weight_ratio{app="shop",namespace="demo"} 0.0' in text
    assert 'canary_steps_phase{app="till",namespace="demo",phase="prepared"} 1.0' in file.read_text()
    assert 0 == till.run("rollback", "--run", "two").exit_code
