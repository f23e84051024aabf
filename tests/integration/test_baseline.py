"""A baseline on the lab: fresh pods of stable's version beside the canary, which make the comparison fair."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp
from tests.support.kubernetes_api.kinds import DEPLOYMENT
from tests.support.step_run import StepResult

pytestmark = pytest.mark.integration


def baseline_pods(app: LabApp) -> int:
    """Return how many pods the baseline should have."""
    return int(app.deployment(f"{app.name}-baseline")["spec"]["replicas"])


def rollout(app: LabApp, tag: str, *flags: str) -> StepResult:
    """Release a version in one rung of half the users."""
    return app.run("rollout", f"--image={app.image(tag)}", "--ladder=50", "--run", f"run-{tag}", *flags)


def test_a_cold_start_of_both_arms_passes_with_a_baseline_and_fails_without(deploy: Deploy) -> None:
    """Every fresh pod is slow until its caches are full; only one of the two comparisons is fair."""
    app = deploy("cold")
    app.push("v3")
    for arm in (app.canary, "cold-baseline"):
        app.lab.override(arm, cold_requests=60, cold_ms=200)
    with app.users(60) as users:
        users.wait_for(lambda view: len(view.records) > 120)
        fair = rollout(app, "v2", "--baseline", "--min-seconds=6")
        unfair = rollout(app, "v3", "--min-seconds=6")

    assert (0, "promoted", app.image("v2")) == (fair.exit_code, fair.results["outcome"], app.running_image())
    assert fair.results["reason"].startswith("against the baseline: healthy: ")
    assert 0 == baseline_pods(app)
    assert (5, "rolled-back") == (unfair.exit_code, unfair.results["outcome"])
    assert "slower than" in unfair.results["reason"]
    assert ((100, 0), "") == (app.weights(), app.claim())


def test_a_bad_canary_fails_against_its_baseline_and_the_recording_says_so(deploy: Deploy, tmp_path: Path) -> None:
    """Half of the weight's users meet stable's version, so half as many fail; the replay has the baseline, too."""
    app = deploy("blamed")
    app.push("v2", error_ratio=1.0)
    recording = tmp_path / "run.jsonl"
    with app.users(60) as users:
        users.wait_for(lambda view: len(view.records) > 60)
        ended = rollout(app, "v2", "--baseline", f"--record={recording}")
        seen = users.view()
    replayed = app.run("replay", str(recording))

    assert (5, "rolled-back", 0) == (ended.exit_code, ended.results["outcome"], baseline_pods(app))
    assert "against the baseline: canary " in ended.results["reason"]
    # If one scrape was enough for the alarm, the run also says what stable did next, which no poll recorded.
    assert ended.results["reason"].startswith(replayed.results["reason"])
    assert seen.failed("v1") == 0


def test_step_by_step_only_prepare_needs_the_baseline_flag(deploy: Deploy) -> None:
    """As in workflows, which pass every parameter as a variable; later steps read it from the claim."""
    app = deploy("stepwise")
    app.push("v3", error_ratio=1.0)

    def walked(run: str, tag: str) -> StepResult:
        prepared = app.run("prepare", f"--run={run}", f"--image={app.image(tag)}", CANARY_BASELINE="true")
        assert (0, "ready") == (prepared.exit_code, prepared.results["outcome"]), prepared.lines
        assert 0 == app.run("set-weight", f"--run={run}", "--weight=50").exit_code
        assert 1 == baseline_pods(app)
        return app.run("analyze", f"--run={run}")

    with app.users(60) as users:
        users.wait_for(lambda view: len(view.records) > 60)
        good = walked("one", "v2")
        assert (0, "promoted") == ((ended := app.run("promote", "--run=one")).exit_code, ended.results["outcome"])
        assert (app.image("v2"), 0) == (app.running_image(), baseline_pods(app))
        bad = walked("two", "v3")
        assert (0, "rolled-back") == ((ended := app.run("rollback", "--run=two")).exit_code, ended.results["outcome"])

    assert good.results["reason"].startswith("against the baseline: healthy: ")
    assert (5, "against the baseline: canary ") == (bad.exit_code, bad.results["reason"][:29])
    assert (0, (100, 0), "") == (baseline_pods(app), app.weights(), app.claim())


def test_a_missing_permission_on_the_baseline_is_named_before_anything_is_written(deploy: Deploy) -> None:
    """An account restricted by resourceNames needs the baseline's name."""
    app = deploy("narrow")
    app.lab.api.faults.deny("patch", "deployments", name="narrow-baseline")
    ended = app.run("prepare", "--baseline", f"--image={app.image('v2')}")
    without = app.run("prepare", "--dry-run", f"--image={app.image('v2')}")

    assert ((4, []), 0) == ((ended.exit_code, app.writes()), without.exit_code)
    assert "patch deployments.apps demo/narrow-baseline" in ended.error


def test_a_rehearsal_plans_the_baseline_too(deploy: Deploy) -> None:
    """Created, grown with the canary, and taken down."""
    app = deploy("planned")
    ended = app.run("rollout", "--baseline", "--dry-run", f"--image={app.image('v2')}", "--ladder=50")

    assert (0, "dry-run", []) == (ended.exit_code, ended.results["outcome"], app.writes())
    planned = [str(line) for line in ended.events("dry_run.write") if "planned-baseline" in str(line)]
    assert any("create" in line for line in planned), planned


def test_at_weight_100_the_baseline_is_compared_with(deploy: Deploy) -> None:
    """There stable gets no requests and the baseline gets half."""
    app = deploy("whole")
    app.prepared("one", "v2", "--baseline")
    with app.users(60):
        ended = app.run("analyze", "--run=one", "--weight=100")
        observed = app.run("set-weight", "--run=one", "--weight=60", "--wait-observed")

    assert (0, "pass") == (ended.exit_code, ended.results["verdict"])
    assert "against the baseline: healthy: " in ended.results["reason"]
    assert "at weight 100" not in ended.results["reason"]
    assert 0 == observed.exit_code
    assert float(observed.results["observed"]) == pytest.approx(60.0, abs=5.0)


def test_settings_that_exclude_a_baseline_are_refused_before_anything_is_written(
    deploy: Deploy, tmp_path: Path
) -> None:
    """Its label, its name, a gateway whose header leads to both, a canary that was made without it."""
    app = deploy("unsuited")
    (tmp_path / "canary.yaml").write_text(
        "probes: [{name: page, path: /}]\n"
        "probe-gateway-url: http://gateway\nprobe-canary-header: 'x: c'\nprobe-stable-header: 'x: s'\n"
    )
    flags = ("--baseline", f"--image={app.image('v2')}")
    by_label = app.run("prepare", *flags, "--arm-label=destination_version")
    by_name = app.run("prepare", *flags, "--canary=unsuited-baseline", "--canary-destination=unsuited-canary")
    by_gateway = app.run("rollout", *flags, f"--config={tmp_path / 'canary.yaml'}")
    untouched = app.writes()
    app.prepared()
    app.run("rollback", "--run=one")
    before = app.run("prepare", *flags)

    assert [2, 2, 2, 4] == [one.exit_code for one in (by_label, by_name, by_gateway, before)]
    assert "set the baseline's value with --baseline-label-value" in by_label.error
    assert "unsuited-baseline would be its Deployment but is already an arm's" in by_name.error
    assert "--probe-gateway-url does not work with --baseline" in by_gateway.error
    assert "kubectl delete deployment unsuited-canary" in before.error
    assert [] == untouched
    assert app.lab.api.store.find(DEPLOYMENT, app.lab.namespace, "unsuited-baseline") is None
