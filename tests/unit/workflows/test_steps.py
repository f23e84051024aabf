"""The leaf templates fit the steps: parameters, results, accounts; and every pod is hardened."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from steps.__main__ import STEPS, find
from steps.outputs.results import variable_name
from steps.settings.hotfix import ONE_RUN_ONLY
from tests.support.workflow_files import ACCOUNTS, CONSTANT, Leaf, choices, leaves, of_kind
from tools.argo_descriptions import FILE, with_descriptions

Json = dict[str, Any]
every_leaf = pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.name)


def test_every_step_has_a_leaf_template() -> None:
    """Except steps for people and charts, and resolve, which only a push needs; `gate` is analyze for readers."""
    for_people = {"board", "bootstrap", "doctor", "init", "list", "replay", "render"}
    assert set(STEPS) - for_people - {"resolve"} == {leaf.step for leaf in leaves()}
    assert {"gate": "analyze"} == {leaf.name: leaf.step for leaf in leaves() if leaf.name != leaf.step}


@every_leaf
def test_every_input_is_a_setting_and_reaches_the_step(leaf: Leaf) -> None:
    """Names follow the rule, and every variable has an input."""
    fields = find(leaf.step).settings.model_fields
    assert set() == set(leaf.settings) - set(fields)
    passed = {name: value for name, value in leaf.env.items() if name.startswith("CANARY_") and name not in CONSTANT}
    wanted = {
        f"CANARY_{name.upper()}": f"{{{{inputs.parameters.{one['name']}}}}}" for name, one in leaf.settings.items()
    }
    assert wanted == passed


@every_leaf
def test_an_empty_input_leaves_the_choice_to_canary_yaml(leaf: Leaf) -> None:
    """A variable would override the file, so defaults of inputs are empty; required inputs have none."""
    fields = find(leaf.step).settings.model_fields
    for name, one in leaf.settings.items():
        required = fields[name].default is PydanticUndefined
        assert (None if required else "") == one.get("default"), name


@every_leaf
def test_every_input_is_documented_with_its_choices_and_default(leaf: Leaf) -> None:
    """The submit form shows what happens if an input is empty."""
    fields = find(leaf.step).settings.model_fields
    for name, one in leaf.settings.items():
        assert choices(fields[name]) == one.get("enum"), name
        default = fields[name].default
        if default is not PydanticUndefined and default not in ("", None, (), {}):
            shown = f"{default:g}" if isinstance(default, float) else str(default)
            shown = ",".join(map(str, default)) if isinstance(default, tuple) else shown
            text = shown.lower() if isinstance(default, bool) else shown
            start = "Empty: " if name in ONE_RUN_ONLY else "else "
            assert f"{start}{text}." in one["description"], name
    assert all(one.get("description") for one in leaf.inputs.values())


def test_descriptions_are_those_of_the_settings_and_results() -> None:
    """`make docs` was run after the last change."""
    text = FILE.read_text(encoding="utf-8")
    assert text == with_descriptions(text)


@every_leaf
def test_every_result_is_an_output_with_a_default(leaf: Leaf) -> None:
    """A reference to a result of a failed or skipped step must not fail a workflow."""
    results = find(leaf.step).results
    paths = {name: f"/tmp/outputs/{name}" for name in results}
    assert paths == {name: one["valueFrom"]["path"] for name, one in leaf.outputs.items()}
    assert {variable_name(name): path for name, path in paths.items()} == {
        name: value for name, value in leaf.env.items() if name.startswith("RESULT_")
    }
    assert all(one["valueFrom"]["default"] == "" and one["description"] for one in leaf.outputs.values())


@every_leaf
def test_every_leaf_has_the_account_of_its_step_and_a_limit(leaf: Leaf) -> None:
    """Readers read, walkers release, the sweeper sweeps."""
    assert f"canary-steps-{ACCOUNTS.get(leaf.name, 'walker')}" == leaf.body["serviceAccountName"]
    assert "{{inputs.parameters.deadline-seconds}}" == leaf.body["activeDeadlineSeconds"]


@every_leaf
def test_retries_repeat_infrastructure_and_never_a_verdict(leaf: Leaf) -> None:
    """Only rollback is retried whatever happens; a rollout in one pod never; notify repeats its request itself."""
    if leaf.name == "rollout":
        assert "retryStrategy" not in leaf.body
        return
    retry = leaf.body["retryStrategy"]
    assert "Always" == retry["retryPolicy"]
    assert {"duration", "factor", "cap"} == set(retry["backoff"])
    again = {int(code) for code in re.findall(r"\d+", retry["expression"])}
    if leaf.name == "rollback":
        assert "asInt(lastRetry.exitCode) != 2" == retry["expression"]
    else:
        codes = {137, 143} if leaf.name == "notify" else {3, 137, 143}
        assert ("lastRetry.status == 'Error'" in retry["expression"], codes) == (True, again)


def _pods() -> Iterable[tuple[str, Json, Json, Json]]:
    """Yield name, pod-level fields, container and labels of everything that runs."""
    for leaf in leaves():
        yield leaf.name, leaf.body, leaf.container, leaf.body["metadata"]["labels"]
    for job in of_kind("CronJob"):
        template = job["spec"]["jobTemplate"]["spec"]["template"]
        yield (
            job["metadata"]["name"],
            template["spec"],
            template["spec"]["containers"][0],
            template["metadata"]["labels"],
        )


@pytest.mark.parametrize(("name", "pod", "container", "labels"), list(_pods()), ids=lambda one: str(one)[:20])
def test_every_pod_is_hardened(name: str, pod: Json, container: Json, labels: Json) -> None:
    """No root, no writable file system but /tmp, no capabilities, no sidecar, one image, no shell."""
    assert {
        "runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    } == pod["securityContext"]  # fmt: skip
    assert {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    } == container["securityContext"]  # fmt: skip
    assert {"name": "tmp", "emptyDir": {}} in pod["volumes"]
    writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert ["/tmp"] == writable
    assert "false" == labels["sidecar.istio.io/inject"]
    assert {leaves()[0].container["image"]} == {container["image"]}
    assert ["canary-steps"] == container["command"]
    assert 1 == len(container["args"])
    assert container["args"][0] in STEPS
