"""The chart `canary` as both versions of Helm render it: objects, names, permissions, settings."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from steps.manifests.accounts import accounts
from steps.rollout import Settings
from steps.settings.conventions import conventional_names
from tests.contract.charts.canary_chart import CHART, Json, chart_with_two, helm, rendered

SHAPES = ["primary", "pair"]


def settings_of(objects: dict[tuple[str, str], Json], app: str = "shop") -> Json:
    """Return the canary.yaml of an app."""
    found: Json = yaml.safe_load(objects["ConfigMap", f"canary-steps-{app}"]["data"]["canary.yaml"])
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("release", ["hook", "workflow", "pipelinerun", "none"])
def test_lint_finds_nothing_to_say(program: str, shape: str, release: str) -> None:
    """Beyond the missing icon."""
    done = helm(program, "lint", str(CHART), "--strict", f"--set=app=shop,shape={shape},release={release}")
    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_accepts_the_settings_and_finds_the_rendered_names(program: str, shape: str, tmp_path: Path) -> None:
    """canary.yaml names the two Deployments, the route and its destinations as they are rendered."""
    values: Json = {"app": "shop", "shape": shape, "interval": "1m30s", "timeout": "10m"}
    values["thresholds"] = {"success-rate": 99.9, "request-duration": "500ms"}
    objects = rendered(program, values, tmp_path)
    found = settings_of(objects)
    given = {name.replace("-", "_"): value for name, value in found.items()}
    settings = Settings.model_validate(given)
    names = conventional_names(settings, "shop")
    assert (90, 0.999, "p99=500ms") == (found["min-seconds"], found["success-slo"], found["latency-slo"])
    routes = objects["VirtualService", "shop"]["spec"]["http"][0]["route"]
    shown = [_destination(one["destination"]) for one in routes]
    assert [str(names.stable_destination), str(names.canary_destination)] == shown
    assert [100, 0] == [one["weight"] for one in routes], "where nothing is live, stable has all"
    pair = ("shop-v1", "shop-v2") if shape == "pair" else ("shop-primary", "shop")
    assert pair == (names.stable, names.canary)


def _destination(one: Json) -> str:
    return "/".join(filter(None, (one["host"], one.get("subset"))))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_role_is_the_one_that_init_prints(program: str, shape: str, tmp_path: Path) -> None:
    """Limited to the app by name, where RBAC can do that; nothing beyond what the steps ask for."""
    objects = rendered(program, {"app": "shop", "shape": shape}, tmp_path)
    given = {name.replace("-", "_"): value for name, value in settings_of(objects).items()}
    names = conventional_names(Settings.model_validate(given), "shop")
    (role,) = (
        one for one in accounts(names, baseline=True) if one.name == "canary-steps-walker-shop" and "rules" in one.body
    )
    wanted = _flat(role.body["rules"])
    if shape == "primary":  # the chart's rules are the same for both shapes
        wanted |= {("networking.istio.io", "destinationrules", "list", "")}
    assert wanted == _flat(objects["Role", "canary-shop"]["rules"])


def _flat(rules: list[Json]) -> set[tuple[str, str, str, str]]:
    return {
        (group, resource, verb, name)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    }


@pytest.mark.parametrize("release", ["hook", "workflow", "pipelinerun"])
def test_a_hotfix_reaches_the_release_and_only_if_it_has_a_reason(program: str, release: str, tmp_path: Path) -> None:
    """As flags of the Job, as another workflow, as params; the reason is one argument, whatever is in it."""
    why = 'checkout "fails": {{ since }} v2'
    found = rendered(program, {"app": "shop", "release": release, "hotfix": why}, tmp_path)
    plain = rendered(program, {"app": "shop", "release": release}, tmp_path)
    if release == "hook":
        arguments = [
            one["Job", "canary-shop-rollout"]["spec"]["template"]["spec"]["containers"][0]["args"]
            for one in (found, plain)
        ]
        assert [["rollout", "--hotfix", f"--reason={why}"], ["rollout"]] == arguments
        return
    kind = {"workflow": "Workflow", "pipelinerun": "PipelineRun"}[release]
    (made,), (usual,) = ([one for (name, _), one in objects.items() if name == kind] for objects in (found, plain))
    given = made["spec"]["arguments"]["parameters"] if release == "workflow" else made["spec"]["params"]
    assert {"name": "reason", "value": why} in given
    assert "hotfix" not in str(usual["spec"])


def test_the_hook_waits_prints_and_repeats_only_what_may_be_repeated(program: str, tmp_path: Path) -> None:
    """Helm prints the log whatever the verdict; a verdict is final; the Job outlives Helm's own timeout."""
    job = rendered(program, {"app": "shop", "timeout": "5m"}, tmp_path)["Job", "canary-shop-rollout"]
    notes, spec = job["metadata"]["annotations"], job["spec"]
    assert "post-install,post-upgrade,post-rollback" == notes["helm.sh/hook"]
    assert "before-hook-creation" == notes["helm.sh/hook-delete-policy"], "the log stays until the next release"
    assert "hook-succeeded,hook-failed" == notes["helm.sh/hook-output-log-policy"]
    assert "PostSync" == notes["argocd.argoproj.io/hook"]
    (final,) = (one for one in spec["podFailurePolicy"]["rules"] if one["action"] == "FailJob")
    assert ("NotIn", [3, 137, 143]) == (final["onExitCodes"]["operator"], final["onExitCodes"]["values"])
    assert spec["activeDeadlineSeconds"] > 300
    pod = spec["template"]
    assert "false" == pod["metadata"]["labels"]["sidecar.istio.io/inject"]
    assert pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"]


def test_no_label_of_the_hooks_pods_is_one_by_which_services_select(program: str, tmp_path: Path) -> None:
    """A Service of the app that selects `app.kubernetes.io/name: shop` must not send users to the step."""
    objects = rendered(program, {"app": "shop"}, tmp_path)
    for (kind, _), one in objects.items():
        if kind == "Job":
            labels = one["spec"]["template"]["metadata"]["labels"]
            assert {"app.kubernetes.io/part-of", "sidecar.istio.io/inject"} == set(labels)


def test_workflow_and_pipelinerun_have_a_name_of_their_revision(program: str, tmp_path: Path) -> None:
    """Each upgrade makes a new one, and passes the ladder, which these engines loop over."""
    values = {"app": "shop", "ladder": [5, 50], "interval": "10m"}
    workflow = rendered(program, {**values, "release": "workflow"}, tmp_path)["Workflow", "canary-shop-1"]
    given = {one["name"]: one["value"] for one in workflow["spec"]["arguments"]["parameters"]}
    assert {"app": "shop", "weights": "[5,50]"} == given
    run = rendered(program, {**values, "release": "pipelinerun"}, tmp_path)["PipelineRun", "canary-shop-1"]
    assert {"app": "shop", "ladder": "5,50"} == {one["name"]: one["value"] for one in run["spec"]["params"]}
    none = rendered(program, {**values, "release": "none"}, tmp_path)
    assert [("Job", "canary-shop-uninstall")] == [key for key in none if key[0] in {"Job", "Workflow", "PipelineRun"}]


def test_one_chart_releases_several_apps(program: str, tmp_path: Path) -> None:
    """By `apps`, whose values override those beside it, or by one alias for each."""
    values: Json = {
        "ladder": [10, 50],
        "apps": {"shop": {"shape": "pair"}, "cart": {"ladder": [20]}, "old": {"enabled": False}},
    }
    objects = rendered(program, values, tmp_path)
    assert {"shop", "cart"} == {name for kind, name in objects if kind == "VirtualService"}
    assert ([10, 50], [20]) == (settings_of(objects)["ladder"], settings_of(objects, "cart")["ladder"])
    chart = chart_with_two(tmp_path, "front", "back")
    aliased = rendered(program, {"front": {"app": "shop"}, "back": {"app": "cart"}}, tmp_path, chart)
    assert {"shop", "cart"} == {name for kind, name in aliased if kind == "VirtualService"}


def test_labels_that_do_not_name_the_deployment_still_tell_the_arms_apart(program: str, tmp_path: Path) -> None:
    """As `helm create` writes them: name and instance."""
    labels = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/instance": "rel"}
    values = {"app": "shop", "names": {"target": "rel-shop"}, "selectorLabels": labels}
    objects = rendered(program, values, tmp_path)
    stable, canary = (objects["Service", name]["spec"]["selector"] for name in ("shop-primary", "shop-canary"))
    assert labels == canary
    assert stable != canary
    assert settings_of(objects)["stable-labels"].items() <= stable.items()
