"""The pure functions: hosts, arms and managers."""

from typing import Any

import pytest

from steps.model.run import Destination
from steps.traffic.destinations import ArmDestinations, full_host, host_namespace
from steps.traffic.managers import last_manager, remedy


@pytest.mark.parametrize(
    ("host", "full", "namespace"),
    [
        ("shop", "shop.here.svc.cluster.local", "here"),
        ("Shop", "shop.here.svc.cluster.local", "here"),
        ("shop.there.svc.cluster.local", "shop.there.svc.cluster.local", "there"),
        ("shop.there", "shop.there", "here"),
        ("api.example.com", "api.example.com", "here"),
    ],
)
def test_hosts_are_completed_as_istio_does(host: str, full: str, namespace: str) -> None:
    """Only a name without a dot is short."""
    assert (full_host(host, "here"), host_namespace(host, "here")) == (full, namespace)


def test_a_destination_is_an_arm_by_host_and_subset() -> None:
    """Ports do not matter; another subset is another destination."""
    arms = ArmDestinations(Destination("shop", "v1"), Destination("shop", "v2"), "here")
    entries: list[dict[str, Any]] = [
        {"destination": {"host": "shop.here.svc.cluster.local", "subset": "v1", "port": {"number": 80}}},
        {"destination": {"host": "shop", "subset": "v2"}},
        {"destination": {"host": "shop"}},
        {},
    ]
    assert [arms.arm(entry) for entry in entries] == ["stable", "canary", None, None]


def test_the_last_manager_is_somebody_else() -> None:
    """The newest entry that sets the routes and is not ours."""

    def entry(manager: str, time: str, *fields: str) -> dict[str, object]:
        spec: dict[str, object] = {f"f:{name}": {} for name in fields}
        return {"manager": manager, "time": time, "fieldsV1": {"f:spec": spec} if fields else {"f:metadata": {}}}

    entries = [
        entry("helm", "2026-01-01T00:00:00Z", "http", "hosts"),
        entry("kubectl-edit", "2026-01-02T00:00:00Z", "http"),
        entry("labeller", "2026-01-03T00:00:00Z"),
        entry("canary-steps", "2026-01-04T00:00:00Z", "http"),
    ]
    assert last_manager({"metadata": {"managedFields": entries}}) == "kubectl-edit at 2026-01-02T00:00:00Z"
    assert last_manager({"metadata": {}}) == "an unknown manager"


@pytest.mark.parametrize(
    ("manager", "tool", "way"),
    [
        ("argocd-controller", "Argo CD", "managedFieldsManagers: [canary-steps]"),
        ("argocd-application-controller", "Argo CD", "RespectIgnoreDifferences=true"),
        ("kustomize-controller", "Flux", "spec.ignore of the Kustomization"),
        ("helm-controller", "Flux", "weights by lookup"),
        ("helm", "Helm", "by lookup"),
        ("fleetagent", "Rancher Fleet", "comparePatches"),
        ("configsync", "Config Sync", "client.lifecycle.config.k8s.io/mutation"),
        ("kapp-server-side-fieldmanager", "kapp", "rebaseRule"),
        ("Terraform", "Terraform", "ignore_changes"),
        ("pulumi-kubernetes-1a2b", "Pulumi", "ignoreChanges"),
    ],
)
def test_a_tool_is_named_with_its_remedy(manager: str, tool: str, way: str) -> None:
    """The engineer who reads it at night knows the tool, not its field manager."""
    entry = {"manager": manager, "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:http": {}}}}
    found = {"metadata": {"managedFields": [entry]}}
    assert f"{manager} at 2026-01-02T00:00:00Z ({tool})" == last_manager(found)
    assert remedy(found).startswith(f"Let {tool} leave these weights alone: ")
    assert way in remedy(found)


@pytest.mark.parametrize("manager", ["kubectl-edit", "kubectl", "ann", ""])
def test_people_get_a_remedy_for_whatever_they_use(manager: str) -> None:
    """An unknown program, too."""
    found = {"metadata": {"managedFields": [{"manager": manager, "fieldsV1": {"f:spec": {"f:http": {}}}}]}}
    assert "Stop that manager from writing these weights during a release (GitOps: ignore them)" == remedy(found)
