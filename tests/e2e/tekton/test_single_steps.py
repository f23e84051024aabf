"""Single steps in other pipelines: a StepAction in another Task, a Task run alone."""

from __future__ import annotations

import pytest

from tests.e2e.tekton.releases import BAD, deploy, product, run_task, users, weights
from tests.lab.cluster.api import Json
from tests.lab.cluster.lab import ClusterLab

pytestmark = pytest.mark.e2e


def values(params: dict[str, str]) -> list[Json]:
    """Return parameters as Tekton takes them."""
    return [{"name": name, "value": value} for name, value in params.items()]


def test_stepactions_work_inside_another_task(lab: ClusterLab) -> None:
    """They share the pod and a canary.yaml in its workspace; a later step reads the verdict of an earlier one."""
    deploy(lab, "kiosk")
    lab.deploy_canary("kiosk", BAD)
    lab.wait_until_rolled_out("kiosk-canary")
    common = {"app": "kiosk", "config": "$(workspaces.settings.path)/canary.yaml", **product(lab)}
    judge = {"timeout-seconds": "60", "since-seconds": "5", **common}
    steps = [
        {"name": "shift", "ref": {"name": "canary-set-weight"}, "params": values({"weight": "30", **common})},
        {
            "name": "judge",
            "ref": {"name": "canary-analyze"},
            "onError": "continue",
            "params": values(judge),
        },
        {
            "name": "back",
            "ref": {"name": "canary-set-weight"},
            "params": values({"weight": "0", **common}),
            "when": [{"input": "$(steps.judge.results.verdict)", "operator": "in", "values": ["fail"]}],
        },
    ]
    results = [
        {"name": "verdict", "value": "$(steps.judge.results.verdict)"},
        {"name": "before", "value": "$(steps.back.results.previous-weight)"},
    ]
    spec = {
        "workspaces": [{"name": "settings", "configMap": {"name": "canary-steps-kiosk"}}],
        "taskSpec": {"workspaces": [{"name": "settings"}], "steps": steps, "results": results},
    }
    with users(lab, "kiosk"):
        ended = run_task(lab, "foreign", "walker", spec)
    codes = {one["name"]: one["terminated"]["exitCode"] for one in ended["steps"]}
    assert {"shift": 0, "judge": 5, "back": 0} == codes
    assert {"verdict": "fail", "before": "30"} == {one["name"]: one["value"] for one in ended["results"]}
    assert [100, 0] == weights(lab, "kiosk")


def test_a_task_run_alone_says_in_its_results_why_it_failed(lab: ClusterLab) -> None:
    """All declared results are there: the id that the run chose, and those without a value empty."""
    ended = run_task(lab, "alone", "walker", "canary-prepare", {"app": "nobody"})
    assert "False" == ended["conditions"][0]["status"]
    assert 4 == ended["steps"][0]["terminated"]["exitCode"]
    results = {one["name"]: one["value"] for one in ended.get("results", [])}
    assert results.pop("run").startswith("nobody-")
    assert dict.fromkeys(("canary-hash", "stable-image", "canary-image", "outcome"), "") == results


def test_a_reader_cannot_write(lab: ClusterLab) -> None:
    """A task that is missing in the run's taskRunSpecs runs as the reader: it ends with 4 and nothing has moved."""
    deploy(lab, "stall")
    ended = run_task(lab, "reader", "reader", "canary-set-weight", {"app": "stall", "weight": "50"})
    assert 4 == ended["steps"][0]["terminated"]["exitCode"]
    assert [100, 0] == weights(lab, "stall")
