"""RBAC and kustomizations: roles grant what the code asks for, and every named file exists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
import yaml

from steps.__main__ import find
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.cluster.permission import Permission
from steps.traffic import rbac as traffic
from steps.workload import rbac as workload
from tests.support.workflow_files import ROOT, called, calls, documents, leaves, of_kind

Json = dict[str, Any]


def _granted(rules: Iterable[Json]) -> set[tuple[str, str, str]]:
    assert not any("*" in rule[part] for rule in rules for part in ("apiGroups", "resources", "verbs"))
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def _needed(*permissions: Permission) -> set[tuple[str, str, str]]:
    return {(one.kind.group, one.kind.plural, verb) for one in permissions for verb in one.verbs}


def test_roles_grant_what_the_code_asks_for_and_nothing_else() -> None:
    """Least privilege, account by account; the ClusterRoles of sweeper and board are their Roles."""
    roles = {one["metadata"]["name"]: _granted(one["rules"]) for one in of_kind("Role")}
    assert {
        "canary-steps-executor": {("argoproj.io", "workflowtaskresults", verb) for verb in ("create", "patch")},
        "canary-steps-reader": _needed(*traffic.READER, *traffic.INFERENCE, *workload.READER),
        "canary-steps-walker": _needed(*traffic.WALKER_WITH_SUBSETS, *traffic.INFERENCE, *workload.WALKER),
        "canary-steps-sweeper": _needed(*traffic.SWEEPER, *workload.SWEEPER),
        "canary-steps-board": _needed(Permission(VIRTUAL_SERVICE, ("get", "list"))),
    } == roles
    wide = {one["metadata"]["name"]: _granted(one["rules"]) for one in of_kind("ClusterRole")}
    assert {name: roles[name] for name in ("canary-steps-sweeper", "canary-steps-board")} == wide


def test_every_account_may_report_results() -> None:
    """Argo's executor uses the step's account; every account in use exists."""
    accounts = {one["metadata"]["name"] for one in of_kind("ServiceAccount")} - {"canary-steps-board"}  # a server
    assert {leaf.body["serviceAccountName"] for leaf in leaves()} == accounts
    bound = {one["roleRef"]["name"]: {subject["name"] for subject in one["subjects"]} for one in of_kind("RoleBinding")}
    assert accounts == bound["canary-steps-executor"]
    assert {name: {name} for name in accounts} == {name: bound[name] for name in accounts}


@pytest.mark.parametrize("path", sorted(ROOT.rglob("kustomization.yaml")), ids=lambda path: path.parent.name)
def test_a_kustomization_names_every_file(path: Path) -> None:
    """Every resource exists, and every YAML file of a folder is named."""
    (found,) = documents(path)
    named = set(found.get("resources", []))
    assert all((path.parent / one).exists() for one in named)
    assert {one.name for one in path.parent.glob("*.yaml")} - {path.name} == {one for one in named if ".yaml" in one}


def _patched(*components: str) -> dict[str, Json]:
    """Return the objects by name after the JSON patches of components, selected as kustomize does."""
    found = {one["metadata"]["name"]: one for one in of_kind("WorkflowTemplate", "CronJob", "Deployment")}
    found |= {f"cron {one['metadata']['name']}": one for one in of_kind("CronWorkflow")}
    for component in components:
        (kustomization,) = documents(ROOT / "components" / component / "kustomization.yaml")
        for entry in kustomization["patches"]:
            operations = yaml.safe_load(entry["patch"])
            names = [name for name, one in found.items() if _is_target(one, **entry["target"])]
            assert names or "labelSelector" in entry["target"], entry["target"]
            for name in names:
                found[name] = jsonpatch.apply_patch(found[name], operations)
    return found


def _is_target(item: Json, kind: str, name: str, labelSelector: str = "") -> bool:  # noqa: N803 - kustomize's word
    key, _, value = labelSelector.partition("=")
    is_labelled = not key or item["metadata"].get("labels", {}).get(key) == value
    return is_labelled and item["kind"] == kind and bool(re.fullmatch(name, item["metadata"]["name"]))


@pytest.mark.parametrize("others", [(), ("notifications",)])
def test_every_reference_to_a_cluster_template_has_its_scope(others: tuple[str, ...]) -> None:
    """Without clusterScope, Argo would look for the template in the namespace."""
    found = _patched(*others, "cluster-workflow-template")
    wide = {name for name, one in found.items() if one["kind"] == "ClusterWorkflowTemplate"}
    assert {"canary-steps", "canary-finish"} == wide
    references = [
        step["templateRef"]
        for one in found.values()
        if "Workflow" in one["kind"]
        for _, step in calls(one["spec"].get("workflowSpec", one["spec"]))
        if "templateRef" in step
    ]
    assert len(references) == 23 + len(others)
    assert all(one.get("clusterScope") is True for one in references)


def test_a_notification_comes_after_the_restore_and_changes_nothing() -> None:
    """It delays no restore, not even the last attempt; its failure does not count, and it has a short limit."""
    finish = _patched("notifications")["canary-finish"]["spec"]["templates"][0]
    names = [[step["name"] for step in group] for group in finish["steps"]]
    assert [["rollback"], ["report"], ["rollback-again", "notify"]] == names
    notify = finish["steps"][2][1]
    template = called(notify)
    assert template is not None
    given = {one["name"] for one in notify["arguments"]["parameters"]}
    assert given <= {one["name"] for one in template["inputs"]["parameters"]}
    assert {"failed": True, "error": True} == notify["continueOn"]
    limits = {one["name"]: one.get("default") for one in template["inputs"]["parameters"]}
    assert ("120", "1") == (limits["deadline-seconds"], template["retryStrategy"]["limit"])


def test_the_sweep_of_all_namespaces_is_switched_on() -> None:
    """The patched variable is the one that sweep reads."""
    job = _patched("sweep-all-namespaces")["canary-sweep"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert {"name": "CANARY_ALL_NAMESPACES", "value": "true"} == job["containers"][0]["env"][0]


def test_the_board_of_all_namespaces_is_switched_on() -> None:
    """The patched variable is the one that the board reads."""
    pod = _patched("board-all-namespaces")["canary-board"]["spec"]["template"]["spec"]
    assert {"name": "CANARY_ALL_NAMESPACES", "value": "true"} == pod["containers"][0]["env"][0]


def test_the_board_is_hardened_and_its_settings_exist() -> None:
    """It has no more than a server needs: no root, no writable file system but /tmp, and its own account."""
    (deployment,) = [one for one in of_kind("Deployment") if one["metadata"]["name"] == "canary-board"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert ("canary-steps-board", True) == (pod["serviceAccountName"], pod["securityContext"]["runAsNonRoot"])
    assert {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    } == container["securityContext"]  # fmt: skip
    fields = {f"CANARY_{name.upper()}" for name in find("board").settings.model_fields}
    given = {one["name"]: one["value"] for one in container["env"]}
    assert set(given) <= fields
    find("board").settings.model_validate({"listen": given["CANARY_LISTEN"], "run_url": given["CANARY_RUN_URL"]})


def test_the_board_is_reached_by_its_port_also_while_it_cannot_read() -> None:
    """Its page says why; probes, Service and annotations name one port."""
    objects = documents(ROOT / "components" / "board" / "board.yaml")
    by_kind = {one["kind"]: one for one in objects}
    service, template = by_kind["Service"]["spec"], by_kind["Deployment"]["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert service["publishNotReadyAddresses"] is True
    assert service["selector"].items() <= template["metadata"]["labels"].items()
    assert [{"name": "http-metrics", "containerPort": 8080}] == container["ports"]
    probes = {container[one]["httpGet"]["port"] for one in ("livenessProbe", "readinessProbe")}
    assert {"http-metrics"} == {service["ports"][0]["targetPort"]} | probes
    assert "8080" == template["metadata"]["annotations"]["prometheus.io/port"]
