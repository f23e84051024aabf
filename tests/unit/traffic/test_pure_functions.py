"""The pure functions: hosts, arms and managers."""

from typing import Any

import pytest

from steps.model.run import Destination
from steps.traffic.destinations import ArmDestinations, full_host, host_namespace
from steps.traffic.managers import last_manager


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
