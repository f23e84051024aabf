"""The chart canary-steps renders what the kustomizations render, object by object, whatever is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.charts.rendered import ROOT, Helm, Json, Objects, composed, kustomized

ARGO = ROOT / "workflows" / "base"
TEKTON = ROOT / "tekton"
TEAM = ROOT / "workflows" / "components" / "namespace-per-team"

VALUES: dict[str, Json] = {
    "human-approval": {"argo": {"approval": True}},
    "notifications": {"argo": {"notifications": {"enabled": True}}},
    "report-artifact": {"argo": {"reportArtifact": True}},
    "named-roles": {"rbac": {"namespaceWide": False}},
    "sweep-cron-workflow": {"argo": {"sweepCronWorkflow": True}},
    "sweep-all-namespaces": {"sweep": {"allNamespaces": True}},
    "board": {"board": {"enabled": True}},
    "board-all-namespaces": {"board": {"enabled": True, "allNamespaces": True}},
    "admission-policy": {"admissionPolicy": {"enabled": True}},
    "cluster-workflow-template": {"argo": {"clusterTemplates": "install"}},
}
"""Component → the values that stand for it; the last one is the one that a kustomization lists last."""


@pytest.mark.parametrize(
    ("engines", "folders"),
    [
        (["argo"], [ARGO]),
        (["tekton"], [TEKTON]),
        (["argo", "tekton"], [ARGO, TEKTON]),
        ([], [TEKTON / "base"]),
    ],
    ids=["argo", "tekton", "both", "neither"],
)
def test_an_engine_gets_the_objects_of_its_kustomization(helm: Helm, engines: list[str], folders: list[Path]) -> None:
    """With the chart's default values for everything else."""
    expected = {key: one for folder in folders for key, one in kustomized(folder).items()}
    assert expected == helm.render({"engines": engines})


def _chosen() -> list[list[str]]:
    """Return each component alone, after the one that it needs, and all of them."""
    return [*(["board", one] if one == "board-all-namespaces" else [one] for one in VALUES), list(VALUES)]


@pytest.mark.parametrize("chosen", _chosen(), ids="+".join)
def test_a_value_stands_for_each_component(helm: Helm, tmp_path: Path, chosen: list[str]) -> None:
    """Each alone, and all of them; every component has its value."""
    values: Json = {"engines": ["argo"]}
    for one in chosen:
        values = _merged(values, VALUES[one])
    found = helm.render(values, namespace="canary-steps")
    assert _renamed(composed(tmp_path, *chosen)) == found


def test_every_component_has_a_value() -> None:
    """namespace-per-team is a kustomization of its own: the value releasesFrom."""
    there = {path.parent.name for path in (ROOT / "workflows" / "components").glob("*/kustomization.yaml")}
    assert there == {*VALUES, TEAM.name}


def test_roles_alone_are_given_to_another_namespace(helm: Helm) -> None:
    """A team's namespace gets no accounts, no sweep and no templates."""
    assert kustomized(TEAM) == helm.render({"releasesFrom": "canary-steps"})


def test_shared_templates_are_used_without_installing_them(helm: Helm, tmp_path: Path) -> None:
    """The second namespace refers to the cluster's templates, so that two releases never own the same object."""
    shared = composed(tmp_path, "cluster-workflow-template")
    expected = {key: one for key, one in shared.items() if key[0] != "ClusterWorkflowTemplate"}
    assert expected == helm.render({"engines": ["argo"], "argo": {"clusterTemplates": "use"}})


def test_two_releases_share_no_object_of_the_cluster(helm: Helm) -> None:
    """Whatever has no namespace carries the release's namespace in its name."""
    wide = {"enabled": True, "allNamespaces": True}
    values = {"sweep": wide, "board": wide, "admissionPolicy": {"enabled": True}}
    one, two = (
        {key for key in helm.render(values, namespace=place) if key[0].startswith(("Cluster", "Validating"))}
        for place in ("a", "b")
    )
    kinds, names = ("ClusterRole", "ClusterRoleBinding"), ("canary-steps-board-a", "canary-steps-sweeper-a")
    assert {(kind, name) for kind in kinds for name in names} == {key for key in one if key[0] in kinds}
    assert {True} == {name.endswith("-a") for _, name in one}
    assert set() == one & two


@pytest.mark.parametrize("engine", ["argo", "tekton"])
def test_the_image_stands_everywhere(helm: Helm, engine: str) -> None:
    """In templates, Tasks, Pipelines and the CronJob; the digest counts where tag and digest are given."""
    digest = f"sha256:{'0' * 64}"
    image = {"repository": "registry.example/canary-steps", "tag": "1", "digest": digest, "pullPolicy": "Always"}
    found = helm.render({"engines": [engine], "image": {**image, "pullSecrets": ["one", "two"]}})
    assert {f"registry.example/canary-steps@{digest}"} == {
        one for one in _texts(found) if "canary-steps:" in one or "canary-steps@" in one
    }
    assert "IfNotPresent" not in set(_texts(found))
    accounts = [one for (kind, _), one in found.items() if kind == "ServiceAccount"]
    assert [[{"name": "one"}, {"name": "two"}]] * 3 == [one["imagePullSecrets"] for one in accounts]


def test_notifications_take_format_and_secret(helm: Helm) -> None:
    """They stand in the step that the exit handler runs."""
    chosen = {"enabled": True, "format": "json", "secret": "hook"}
    found = helm.render({"engines": ["argo"], "argo": {"notifications": chosen}})
    finish = found["WorkflowTemplate", "canary-finish"]["spec"]["templates"][0]["steps"][2][1]
    given = {one["name"]: one["value"] for one in finish["arguments"]["parameters"]}
    assert ("json", "hook") == (given["webhook-format"], given["webhook-secret"])


def test_the_admission_policy_can_report_before_it_refuses(helm: Helm) -> None:
    """The same policies, bound otherwise."""
    found = helm.render({"admissionPolicy": {"enabled": True, "actions": ["Warn", "Audit"]}})
    bindings = [one for (kind, _), one in found.items() if kind == "ValidatingAdmissionPolicyBinding"]
    assert [["Warn", "Audit"]] * 4 == [one["spec"]["validationActions"] for one in bindings]
    assert "admissionPolicy" in helm.refusal({"admissionPolicy": {"enabled": True, "actions": ["Deny", "Warn"]}})


def _merged(one: Json, other: Json) -> Json:
    found = {**one, **other}
    for key in set(one) & set(other):
        if isinstance(one[key], dict):
            found[key] = _merged(one[key], other[key])
    return found


def _renamed(found: Objects) -> Objects:
    """Return the objects with the names that a release in the namespace canary-steps gives to those of the cluster."""
    changed = {}
    for (kind, name), one in found.items():
        wanted = f"{name}-canary-steps" if kind.startswith(("ClusterRole", "ValidatingAdmission")) else name
        body = {**one, "metadata": {**one["metadata"], "name": wanted}}
        if kind == "ValidatingAdmissionPolicyBinding":
            body["spec"] = {**one["spec"], "policyName": wanted}
        if kind == "ClusterRoleBinding":
            body["roleRef"] = {**one["roleRef"], "name": wanted}
        changed[kind, wanted] = body
    return changed


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []
