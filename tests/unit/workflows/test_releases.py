"""The release workflows are safe by construction: they restore at the end, run no scripts and misspell nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.documents import strings
from tests.support.workflow_files import FILES, ROOT, called, calls, defaults, documents, workflow_specs

Json = dict[str, Any]
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


@every_file
def test_every_file_says_what_it_is_for(path: Path) -> None:
    """A comment first, then YAML that parses; at most 120 columns."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert documents(path)
    assert [] == [line for line in text.splitlines() if len(line) > 120]


@every_file
def test_only_the_product_is_executed(path: Path) -> None:
    """No script, no shell, no patch of a pod built from parameters."""
    forbidden = {"script", "podSpecPatch", "resource", "http", "plugin"}
    for one in documents(path):
        for template in one.get("spec", {}).get("templates", []) if "argoproj.io" in one.get("apiVersion", "") else []:
            assert set() == forbidden & set(template), template["name"]
    assert not re.search(r"\b(sh|bash)\b *(,|-c|\])", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "spec"), list(workflow_specs()), ids=lambda one: one if isinstance(one, str) else "")
def test_every_call_passes_inputs_that_exist_and_all_that_are_required(name: str, spec: Json) -> None:
    """Argo would only notice at submission, or ignore a misspelt name."""
    for _, step in calls(spec):
        template = called(step) or next(one for one in spec["templates"] if one["name"] == step["template"])
        inputs = {one["name"]: one for one in template.get("inputs", {}).get("parameters", [])}
        given = {one["name"] for one in step.get("arguments", {}).get("parameters", [])}
        required = {name for name, one in inputs.items() if "default" not in one and "value" not in one}
        assert (set(), set()) == (given - set(inputs), required - given), f"{name}: {step['name']}"


@pytest.mark.parametrize(("name", "spec"), list(workflow_specs()), ids=lambda one: one if isinstance(one, str) else "")
def test_no_retried_step_is_called_with_fail_fast(name: str, spec: Json) -> None:
    """With failFast the first attempt counts as a failure: no retry follows, and the node would never end."""
    retried = [
        step["name"]
        for template, step in calls(spec)
        if template.get("failFast") and (called(step) or {}).get("retryStrategy")
    ]
    assert [] == retried, name


def test_every_release_restores_at_its_end() -> None:
    """Every workflow that calls prepare or rollout has a deadline and an exit handler that rolls the same run back."""
    starts = {"prepare", "rollout"}
    releasing = {
        name: spec for name, spec in workflow_specs() if any(step["name"] in starts for _, step in calls(spec))
    }
    assert {
        "canary-release",
        "canary-release-lean",
        "canary-hotfix",
        "canary-release-approval",
        "release-several-",
    } == {name.partition(" ")[2] for name in releasing}
    for name, spec in releasing.items():
        assert "finish" == spec["onExit"], name
        assert spec["activeDeadlineSeconds"], name
        handler = next(one for one in spec["templates"] if one["name"] == "finish")["steps"][0][0]
        assert {"name": "canary-finish", "template": "finish"} == handler["templateRef"]
        assert {"name": "run", "value": "{{workflow.uid}}"} in handler["arguments"]["parameters"]
        assert not [one for one in strings(handler) if "outputs." in one], "the handler must need no results"


def test_releases_name_the_defaults_of_the_settings() -> None:
    """The default if a parameter is empty; these sentences are written by hand."""
    named = [(where, *default) for where, spec in workflow_specs() for default in _named_defaults(spec)]
    assert len(named) >= 18
    assert [] == [one for one in named if one[2] not in defaults(one[1])]


def _named_defaults(spec: Json) -> Iterator[tuple[str, str]]:
    """Yield name and default of each parameter whose description names one."""
    for one in spec.get("arguments", {}).get("parameters", []):
        for value in re.findall(r"Empty: canary\.yaml, else (\S+)\.$", one.get("description", "")):
            yield one["name"], value


@pytest.mark.parametrize("name", ["canary-release", "canary-release-lean", "canary-release-approval"])
def test_every_release_has_a_parameter_for_the_baseline(name: str) -> None:
    """Off by default; only prepare gets the parameter, and stores it in the claim for the later steps."""
    (spec,) = [spec for where, spec in workflow_specs() if where.partition(" ")[2] == name]
    offered = {one["name"]: one for one in spec["arguments"]["parameters"]}
    assert ("", ["", "false", "true"]) == (offered["baseline"]["value"], offered["baseline"]["enum"])
    receivers = [
        step["name"]
        for _, step in calls(spec)
        if {"name": "baseline", "value": "{{workflow.parameters.baseline}}"}
        in step.get("arguments", {}).get("parameters", [])
    ]
    assert ["prepare"] == receivers


def test_every_release_gives_prepare_its_whole_ladder() -> None:
    """The text that Argo loops over, so that an empty or impossible ladder ends the release before anything moves."""
    weights = "{{workflow.parameters.weights}}"
    looped = {weights, "{{inputs.parameters.weights}}"}
    for name, spec in workflow_specs():
        steps = [(template["name"], step) for template, step in calls(spec)]
        for prepare in (step for _, step in steps if step["name"] == "prepare"):
            assert {"name": "ladder", "value": weights} in prepare["arguments"]["parameters"], name
            assert {one["withParam"] for inside, one in steps if inside == "ladder"} <= looped, name
            handed = [one["arguments"]["parameters"] for _, one in steps if "arguments" in one and is_ladder(one)]
            assert [[{"name": "weights", "value": weights}]] * len(handed) == handed, name


def is_ladder(step: Json) -> bool:
    """Tell whether a step walks the ladder."""
    return bool(step.get("template") == "ladder")


def test_ladders_are_walked_one_weight_after_the_other() -> None:
    """And the loop ends at the first failure."""
    ladders = [one for _, spec in workflow_specs() for one in spec.get("templates", []) if one["name"] == "ladder"]
    assert [(1, True)] * 4 == [(one["parallelism"], one["failFast"]) for one in ladders]
    may_fail = [step["name"] for _, spec in workflow_specs() for template, step in calls(spec) if "continueOn" in step]
    assert {"rollback", "report", "approve"} == set(may_fail)


def test_fail_fast_calls_only_templates_of_steps() -> None:
    """Argo counts a pod's failed attempt as a failed child and ends the template, whatever retryStrategy says."""
    for name, spec in workflow_specs():
        for template, step in calls(spec):
            if template.get("failFast"):
                assert "template" in step, f"{name}: {template['name']} calls {step['templateRef']}"
                (inner,) = [one for one in spec["templates"] if one["name"] == step["template"]]
                assert "steps" in inner, f"{name}: {template['name']}"


def test_a_failed_restore_fails_the_workflow() -> None:
    """The exit handler reports first, and then tries once more."""
    (found,) = documents(ROOT / "base" / "canary-finish.yaml")
    names = [group[0]["name"] for group in found["spec"]["templates"][0]["steps"]]
    last = found["spec"]["templates"][0]["steps"][-1][0]
    assert ["rollback", "report", "rollback-again"] == names
    assert ("rollback", False) == (last["templateRef"]["template"], "continueOn" in last)


def test_only_yes_is_an_approval_and_the_canary_is_watched_meanwhile() -> None:
    """A suspend that times out ends as Succeeded with its default. Beside it runs a hold, and promote follows it."""
    (found,) = documents(ROOT / "components" / "human-approval" / "canary-release-approval.yaml")
    templates = {one["name"]: one for one in found["spec"]["templates"]}
    assert "YES" != templates["ask"]["outputs"]["parameters"][0]["valueFrom"]["default"]
    (together,) = templates["gate"]["steps"]
    assert {"promotion", "consent"} == {step["name"] for step in together}
    assert templates["gate"]["failFast"], "a hold that failed must not wait for the question"
    assert [["hold"], ["promote"]] == [[step["name"] for step in group] for group in templates["promotion"]["steps"]]


def test_display_names_contain_only_weights() -> None:
    """Any other name than 2 to 63 letters, digits, - and . makes its node an error, which must not stop a rollback."""
    shown = {
        template["name"]: template["annotations"]["workflows.argoproj.io/display-name"]
        for _, spec in workflow_specs()
        for template in spec.get("templates", [])
        if "annotations" in template
    }
    weight = "{{inputs.parameters.weight}}"
    assert {"rung": f"weight-{weight}", "set-weight": f"set-weight-{weight}"} == shown
