"""Tasks and StepActions fit the steps: parameters, results, accounts; and every step is hardened."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from steps.__main__ import STEPS, find
from steps.outputs.results import variable_name
from tests.support.tekton_files import EXTRAS, ROOT, account, documents, given, named, of_kind, references

Json = dict[str, Any]
TASKS, ACTIONS = of_kind("Task"), of_kind("StepAction")
FOR_PEOPLE = {"board", "bootstrap", "doctor", "init", "list", "replay", "render"}
MOUNTED = {"CANARY_WEBHOOK_URL_FILE", "CANARY_REGISTRY_CONFIG", "CANARY_CONFIG"}
"""Variables with the path of a file; Task and StepAction get it in different ways."""
every_task = pytest.mark.parametrize("name", sorted(set(TASKS) - {"finish"}))
every_action = pytest.mark.parametrize("name", sorted(ACTIONS))


def test_every_step_has_a_task_and_a_stepaction() -> None:
    """Except steps for people; `finish`, for `finally`, runs two of them."""
    assert set(STEPS) - FOR_PEOPLE | {"finish"} == set(TASKS)
    assert set(STEPS) - FOR_PEOPLE == set(ACTIONS)


def settings(params: list[Json]) -> dict[str, Json]:
    """Return the parameters that are settings, by field name."""
    return {name.replace("-", "_"): one for name, one in named(params).items() if name not in EXTRAS}


@every_task
def test_every_parameter_is_a_setting_and_reaches_the_step(name: str) -> None:
    """Only in the environment; names follow the rule, and every variable has a parameter."""
    spec = TASKS[name]["spec"]
    (step,) = spec["steps"]
    fields = find(name).settings.model_fields
    assert set() == set(settings(spec["params"])) - set(fields)
    wanted = {f"CANARY_{one.upper()}": f"$(params.{one.replace('_', '-')})" for one in settings(spec["params"])}
    passed = {key: value for key, value in given(step["env"]).items() if key.startswith("CANARY_")}
    assert wanted == {key: value for key, value in passed.items() if key not in MOUNTED}


@every_task
def test_an_empty_parameter_leaves_the_choice_to_canary_yaml(name: str) -> None:
    """A variable would override the file, so defaults are empty; required parameters have none."""
    fields = find(name).settings.model_fields
    for field, one in settings(TASKS[name]["spec"]["params"]).items():
        assert (None if fields[field].default is PydanticUndefined else "") == one.get("default"), field
        assert ("string", True) == (one["type"], bool(one["description"]))


@every_task
def test_credentials_are_not_parameters(name: str) -> None:
    """They come from Secrets, since everyone can read the parameters of a run."""
    words = ("password", "token", "header", "secret", "url-file", "username", "key-file")
    suspicious = {one for one in named(TASKS[name]["spec"]["params"]) if any(word in one for word in words)}
    assert suspicious <= EXTRAS


@pytest.mark.parametrize("name", [*sorted(set(TASKS) - {"finish"})])
def test_every_result_is_written_by_its_variable(name: str) -> None:
    """In a Task and in a StepAction, at the path that Tekton chooses."""
    for one, prefix in ((TASKS[name], "results"), (ACTIONS[name], "step.results")):
        spec = one["spec"]
        (step,) = spec.get("steps", [spec])
        written = {key: value for key, value in given(step["env"]).items() if key.startswith("RESULT_")}
        assert {variable_name(result): f"$({prefix}.{result}.path)" for result in find(name).results} == written
        assert list(find(name).results) == [result["name"] for result in spec["results"]]
        assert all(result["type"] == "string" and result["description"] for result in spec["results"])


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_step_of_a_task_is_hardened(name: str) -> None:
    """No root, no writable file system but /tmp, no capabilities, no sidecar, limits, one image, no shell."""
    task = TASKS[name]
    assert "false" == task["metadata"]["labels"]["sidecar.istio.io/inject"]
    assert {"name": "tmp", "emptyDir": {}} in task["spec"]["volumes"]
    for step in task["spec"]["steps"]:
        assert_runs_the_product(step)
        assert {"requests", "limits"} == set(step["computeResources"])
        writable = [mount["mountPath"] for mount in step["volumeMounts"] if not mount.get("readOnly")]
        assert ["/tmp"] == writable
        assert {mount["name"] for mount in step["volumeMounts"]} <= set(named(task["spec"]["volumes"]))


@every_action
def test_every_stepaction_is_hardened_and_needs_no_volume(name: str) -> None:
    """Fields that a StepAction may not have belong to the step that refers to it."""
    spec = ACTIONS[name]["spec"]
    assert_runs_the_product(spec)
    assert set() == {"volumeMounts", "computeResources", "envFrom", "timeout", "onError", "workspaces"} & set(spec)
    assert {f"params.{one}" for one in named(spec["params"])} == {
        one for one in references(spec) if one.startswith("params.")
    }


def assert_runs_the_product(step: Json) -> None:
    """An explicit command with the sub-command as its one argument."""
    assert {
        "runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    } == step["securityContext"]  # fmt: skip
    assert ("$(params.steps-image)", ["canary-steps"]) == (step["image"], step["command"])
    (word,) = step["args"]
    assert word in STEPS
    assert set() == references([step["args"], step["command"]])


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_parameter_is_used_and_every_reference_is_declared(name: str) -> None:
    """Tekton's webhook would refuse an undeclared reference, but accept an unused parameter."""
    spec = TASKS[name]["spec"]
    used = references([spec["steps"], spec["volumes"]])
    assert {f"params.{one}" for one in named(spec["params"])} == {one for one in used if one.startswith("params.")}
    assert {f"results.{one}.path" for one in named(spec["results"])} == {
        one for one in used if one.startswith("results.")
    }


def test_finish_rolls_back_reports_and_fails_if_the_rollback_did() -> None:
    """In this order; a failed report is ignored, a failed last rollback fails the task."""
    first, report, again = TASKS["finish"]["spec"]["steps"]
    assert ["rollback", "report", "rollback"] == [step["args"][0] for step in (first, report, again)]
    assert ["continue", "continue", None] == [step.get("onError") for step in (first, report, again)]
    variables = given(first["env"])
    assert variables.pop("RESULT_OUTCOME") == "$(results.rollback.path)"
    assert given(again["env"]) == variables
    assert "any-run" not in named(TASKS["finish"]["spec"]["params"]), "it must never end another run"
    for step in (first, report, again):
        fields = {f"CANARY_{name.upper()}" for name in find(step["args"][0]).settings.model_fields}
        assert {key for key in given(step["env"]) if key.startswith("CANARY_")} <= fields
        assert "$(params.run)" == given(step["env"])["CANARY_RUN"]


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_sample_passes_what_is_required_by_the_account_of_its_step(name: str) -> None:
    """And no parameter that the Task does not have."""
    (sample,) = documents(ROOT / "task" / name / "samples" / f"{name}.yaml")
    params = named(TASKS[name]["spec"]["params"])
    passed = set(given(sample["spec"].get("params", [])))
    required = {one for one, param in params.items() if "default" not in param}
    assert (set(), set()) == (passed - set(params), required - passed)
    assert TASKS[name]["metadata"]["name"] == sample["spec"]["taskRef"]["name"]
    assert account(name) == sample["spec"]["serviceAccountName"]


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_readme_lists_all_parameters_and_results(name: str) -> None:
    """In tables, each with its default."""
    text = (ROOT / "task" / name / "README.md").read_text(encoding="utf-8")
    spec = TASKS[name]["spec"]
    for one in spec["params"]:
        default = "_(required)_" if "default" not in one else f"`{one['default']}`" if one["default"] else "-"
        assert f"\n| `{one['name']}` | {default} | " in text
    assert [] == [one["name"] for one in spec["results"] if f"\n| `{one['name']}` | " not in text]
