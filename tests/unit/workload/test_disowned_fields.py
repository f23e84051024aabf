"""When a run ends, nothing on a Deployment belongs to us: the team's next server-side apply meets no conflict."""

from __future__ import annotations

import pytest

from steps.claim.deployments import ClaimedDeployments
from steps.errors import PermanentError
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.shop_release import KEY, NAMESPACE, TOKEN, renew


def managers(cluster: FakeCluster, name: str) -> set[str]:
    """Return who owns fields of a Deployment."""
    return {entry["manager"] for entry in cluster.get(name)["metadata"]["managedFields"]}


def owned(cluster: FakeCluster, name: str) -> set[str]:
    """Return the fields of `spec` that we own."""
    entries = cluster.get(name)["metadata"]["managedFields"]
    return {
        key for entry in entries if entry["manager"] == "canary-steps" for key in entry["fieldsV1"].get("f:spec", {})
    }


def test_a_promoted_template_is_nobodys_after_the_release(cluster: FakeCluster, workload: Workload) -> None:
    """During the run it is ours, and so are the replicas of the canary."""
    state = prepared(cluster, workload)
    workload.promote_template(state, workload.pin(state), TOKEN, 10, renew)
    assert {"f:template"} <= owned(cluster, "shop")
    assert {"f:replicas", "f:template"} <= owned(cluster, "shop-canary")
    cluster.claimed().remove_token(NAMESPACE, state.deployments, TOKEN)
    for name in state.deployments:
        assert "canary-steps" not in managers(cluster, name)
        assert KEY not in (cluster.get(name)["metadata"].get("annotations") or {})
    assert "shop:2" == cluster.image("shop")


def test_entries_of_others_stay(cluster: FakeCluster, workload: Workload) -> None:
    """A person who scaled stable in between still owns its replicas."""
    state = prepared(cluster, workload)
    cluster.mark("shop", "team", "a")
    others = managers(cluster, "shop") - {"canary-steps"}
    cluster.claimed().remove_token(NAMESPACE, state.deployments, TOKEN)
    assert others == managers(cluster, "shop")


def test_a_write_of_another_manager_in_between_moves_no_foreign_entry(cluster: FakeCluster, workload: Workload) -> None:
    """The patch tests that the entries are where they were read, and is decided again."""
    state = prepared(cluster, workload)
    cluster.api.faults.on_write(1, lambda _: cluster.mark("shop", "late", "1"), moment="before")
    cluster.claimed().remove_token(NAMESPACE, ["shop"], TOKEN)
    assert {"canary-steps"} & managers(cluster, "shop") == set()
    assert "kubectl-edit" in managers(cluster, "shop")
    assert state.stable == "shop"


def test_a_server_that_refuses_to_change_managers_does_not_keep_the_claim(
    cluster: FakeCluster, workload: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token goes alone: the end of a run never fails because of who owns a field."""
    state = prepared(cluster, workload)
    claimed = cluster.claimed()
    refuse_managers(claimed, monkeypatch)
    claimed.remove_token(NAMESPACE, state.deployments, TOKEN)
    assert KEY not in (cluster.get("shop")["metadata"].get("annotations") or {})
    assert "canary-steps" in managers(cluster, "shop-canary")


def refuse_managers(claimed: ClaimedDeployments, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every patch of managedFields fail, as an admission webhook would."""
    cluster = claimed._cluster  # noqa: SLF001 - the connection of this one object is limited
    patch = cluster.patch

    def limited(*args: object) -> object:
        if "managedFields" in str(args[-1]):
            raise PermanentError("writing a Deployment", "managedFields may not be changed")
        return patch(*args)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(cluster, "patch", limited)
