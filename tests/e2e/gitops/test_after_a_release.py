"""After a release the tool that owns the manifests applies them again: nothing of ours conflicts, whatever the end."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.e2e.gitops.conftest import MakeApplier
from tests.support.api_client import ApiClient, Json
from tests.support.gitops.applied_cluster import AppliedCluster
from tests.support.gitops.differences import missing
from tests.support.gitops.manifests import ENDS, TOPOLOGIES, AppManifests, changed

pytestmark = pytest.mark.e2e

CONTROLLERS = ("argocd-controller", "kustomize-controller", "helm-controller")
TOOLS = ("kubectl", "kubectl-server-side", "argocd-client-side", "helm3", "helm4", *CONTROLLERS)
QUICK = {
    ("stable-named", "promoted"): {"kubectl-server-side", "helm4"},
    ("target-named", "rolled-back"): {"kubectl", "helm3"},
    ("target-named", "undone"): {"argocd-controller"},
    ("swap", "promoted"): {"kustomize-controller"},
    ("swap", "swept"): {"helm4"},
}
"""What runs by default; `make e2e-full` runs every combination."""


def _cases() -> list[object]:
    return [
        pytest.param(app, end, tool, marks=() if tool in QUICK.get((str(app), end), ()) else pytest.mark.full)
        for app, end, tool in product(TOPOLOGIES, ENDS, TOOLS)
    ]


@pytest.mark.parametrize(("app", "end", "tool"), _cases(), ids=str)
def test_the_next_apply_meets_no_conflict(
    cluster: ApiClient, tmp_path: Path, applier: MakeApplier, app: AppManifests, end: str, tool: str
) -> None:
    """Neither that of the same manifests nor that of changed ones, and what they say is there afterwards."""
    manager, world = applier(tool), AppliedCluster(tmp_path, cluster, app)
    manager.apply(app.objects())
    world.copy_deployments()
    ended = app.release(world, end, allow_managed=True)
    assert 0 == ended.exit_code
    assert {} == {name: found for name in names(app) if (found := owned(world, *name))}
    before = world.real("virtualservices", "shop")["spec"]
    manager.apply(app.objects())
    after = world.real("virtualservices", "shop")["spec"]
    if (str(app), end) != ("swap", "promoted"):
        assert before == after
    manager.apply(changed(app.objects()))
    for obj in changed(app.objects()):
        plural = "virtualservices" if obj["kind"] == "VirtualService" else "deployments"
        assert [] == missing(obj, world.real(plural, obj["metadata"]["name"]))


def names(app: AppManifests) -> list[tuple[str, str]]:
    """Return plural and name of everything that a release of the app writes."""
    return [*(("deployments", name) for name in app.released), ("virtualservices", "shop")]


def owned(world: AppliedCluster, plural: str, name: str) -> list[Json]:
    """Return the fields below `spec` that we own."""
    entries = world.real(plural, name)["metadata"].get("managedFields", [])
    return [
        entry["fieldsV1"]["f:spec"]
        for entry in entries
        if entry["manager"] == "canary-steps" and "f:spec" in entry["fieldsV1"]
    ]
