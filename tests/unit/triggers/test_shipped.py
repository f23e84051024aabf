"""The objects of tekton/triggers fit each other, the Pipeline that they start, and their permissions."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.triggers.listener import SHIPPED, documents

TEKTON = SHIPPED.parent
LISTENERS = sorted(SHIPPED.glob("listener/*.yaml"))


def one(path: Path) -> dict[str, Any]:
    """Return the object of a file."""
    [found] = documents(path)
    return found


def template() -> dict[str, Any]:
    """Return the run that a push starts, before anything is filled in."""
    [found] = one(SHIPPED / "template.yaml")["spec"]["resourcetemplates"]
    return dict(found)


def test_the_last_filter_is_the_same_in_every_listener() -> None:
    """Messages differ between registries; the checks of tag, repository and digest do not."""
    groups = [group for path in LISTENERS for group in one(path)["spec"]["triggerGroups"]]
    last = [group["interceptors"][-1] for group in groups]
    assert len(groups) >= 5
    assert [last[0]] * len(last) == last
    assert [groups[0]["triggerSelector"]] * len(groups) == [group["triggerSelector"] for group in groups]


@pytest.mark.parametrize("path", LISTENERS, ids=lambda path: path.stem)
def test_a_listener_is_named_after_its_registry_and_has_no_more_than_its_account(path: Path) -> None:
    """Its Service is el-canary-push-<registry>; its own account creates the runs."""
    listener = one(path)
    assert f"canary-push-{path.stem}" == listener["metadata"]["name"]
    assert "canary-push" == listener["spec"]["serviceAccountName"]
    assert {"serviceAccountName", "triggerGroups"} == set(listener["spec"])
    kinds = {entry["ref"]["kind"] for group in listener["spec"]["triggerGroups"] for entry in group["interceptors"]}
    assert {"ClusterInterceptor"} == kinds, "outside of Triggers' own webhook there is no default"


def test_the_account_reads_triggers_and_creates_runs_and_nothing_else() -> None:
    """No secrets, no impersonation, no wildcard; cluster-wide only the objects that every listener waits for."""
    roles = [*documents(SHIPPED / "accounts.yaml"), one(SHIPPED / "cluster.yaml")]
    rules = [rule for role in roles for rule in role.get("rules", [])]
    reading = {"get", "list", "watch"}
    may = {
        (verb, f"{name}.{group}")
        for rule in rules
        for group in rule["apiGroups"]
        for name in rule["resources"]
        for verb in rule["verbs"]
    }
    assert {("create", "pipelineruns.tekton.dev")} == {(verb, name) for verb, name in may if verb not in reading}
    assert {"triggers.tekton.dev", "tekton.dev"} == {name.partition(".")[2] for _, name in may}
    assert "*" not in str(rules)


def test_the_run_of_a_push_equals_the_rendered_run() -> None:
    """Except its parameters: accounts, timeouts and the pods' security come from `render`."""
    ours = template()
    shipped = one(TEKTON / "run" / f"{ours['spec']['pipelineRef']['name']}.yaml")
    assert shipped["spec"] == {**ours["spec"], "params": shipped["spec"]["params"]}


def test_every_parameter_has_a_source_and_a_use() -> None:
    """A misspelt parameter would only show at the first push."""
    ours, spec = template(), one(SHIPPED / "template.yaml")["spec"]
    pipeline = one(TEKTON / "pipeline" / f"{ours['spec']['pipelineRef']['name']}.yaml")
    given = {entry["name"] for entry in ours["spec"]["params"]}
    assert set() == given - {entry["name"] for entry in pipeline["spec"]["params"]}
    required = {entry["name"] for entry in pipeline["spec"]["params"] if "default" not in entry}
    assert required <= given

    declared = {entry["name"] for entry in spec["params"]}
    text = yaml.safe_dump(ours)
    assert set() == {name for name in declared if f"$(tt.params.{name})" not in text}
    bound = {entry["name"] for entry in one(SHIPPED / "binding.yaml")["spec"]["params"]}
    own = {entry["name"] for entry in one(SHIPPED / "app" / "shop.yaml")["spec"]["bindings"] if "name" in entry}
    optional = {entry["name"] for entry in spec["params"] if "default" in entry}
    assert declared == bound | own | optional
    assert set() == bound & own


def test_one_command_applies_everything_that_listeners_share() -> None:
    """Users choose listeners and apps; one command applies the rest."""
    listed = set(one(SHIPPED / "kustomization.yaml")["resources"])
    assert {path.name for path in SHIPPED.glob("*.yaml")} - {"kustomization.yaml"} == listed


def test_no_message_reaches_a_shell() -> None:
    """No Task has a script, and values of a push arrive as environment variables."""
    for path in sorted(TEKTON.glob("task/*/*.yaml")):
        for step in one(path)["spec"]["steps"]:
            assert "script" not in step, path
            assert "$(" not in str(step.get("args", "")) + str(step["command"]), path
