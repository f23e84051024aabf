"""During a release a tool writes the manifests: the run notices at its next look, names the tool, users are safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.e2e.gitops.conftest import MakeApplier
from tests.support.api_client import ApiClient
from tests.support.fixed_evidence import GrowingEvidence
from tests.support.gitops.applied_cluster import AppliedCluster
from tests.support.gitops.appliers import Applier, ApplyError, Controller
from tests.support.gitops.manifests import CANARY, STABLE_NAMED, TARGET_NAMED, changed
from tests.support.in_process_steps import StepProcess

pytestmark = pytest.mark.e2e

LOOK = 3
ALLOWED: dict[str, Any] = {"allow_managed": True, "min_seconds": 20, "poll_seconds": 0.001, "ladder": (50,)}


def released(world: AppliedCluster, events: Mapping[int, Callable[[], object]]) -> tuple[str, int, str]:
    """Release in one process with events at some of its looks; return outcome, number of looks, and what stopped it."""
    reader = GrowingEvidence(world, dict(events))
    with capture_logs() as logged:
        end = StepProcess(world).rollout(reader, **ALLOWED)
    errors = [str(line["error"]) for line in logged if line["event"] == "rollout.stopped"]
    return end.results["outcome"], reader.reads, "".join(errors)


def deployed(cluster: ApiClient, folder: Path, manager: Applier) -> AppliedCluster:
    """Apply an app by a tool."""
    world = AppliedCluster(folder, cluster, STABLE_NAMED)
    manager.apply(STABLE_NAMED.objects())
    world.copy_deployments()
    return world


def weights(world: AppliedCluster) -> list[int]:
    """Return the weights of the route, stable's first."""
    return [entry["weight"] for entry in world.real("virtualservices", "shop")["spec"]["http"][0]["route"]]


@pytest.mark.parametrize(
    ("name", "tool", "remedy"),
    [
        ("argocd-controller", "Argo CD", "managedFieldsManagers: [canary-steps]"),
        ("kustomize-controller", "Flux", "spec.ignore of the Kustomization"),
        ("helm-controller", "Flux", "weights by lookup"),
    ],
)
def test_a_controller_that_resets_the_weights_ends_the_run(
    cluster: ApiClient, tmp_path: Path, name: str, tool: str, remedy: str
) -> None:
    """It forces its apply at every look from the third on, as a self-heal does."""
    controller = Controller(cluster, name, force=True)
    world = deployed(cluster, tmp_path, controller)
    resets = {look: lambda: controller.apply(STABLE_NAMED.objects()[1:]) for look in range(LOOK, 30)}
    outcome, looks, error = released(world, resets)
    assert ("rolled-back", LOOK) == (outcome, looks)
    assert f"last changed by {name} at " in error
    assert f"({tool}). Let {tool} leave these weights alone: " in error
    assert remedy in error
    assert [100, 0] == weights(world)
    controller.apply(changed(STABLE_NAMED.objects()))


def test_an_upgrade_by_helm_3_that_changes_the_routes_ends_the_run(
    cluster: ApiClient, tmp_path: Path, applier: MakeApplier
) -> None:
    """Its merge of old and new manifest writes the whole list of routes, with the weights of the chart."""
    helm = applier("helm3")
    world = deployed(cluster, tmp_path, helm)
    upgrade = {LOOK: lambda: helm.apply(changed(STABLE_NAMED.objects()))}
    outcome, looks, error = released(world, upgrade)
    assert ("rolled-back", LOOK) == (outcome, looks)
    assert "last changed by helm at " in error
    assert "(Helm). Let Helm leave these weights alone: a chart that takes the weights from the live object" in error
    assert [100, 0] == weights(world)
    assert "7s" == world.real("virtualservices", "shop")["spec"]["http"][0]["timeout"]


def test_an_apply_by_kubectl_resets_the_weights_and_ends_the_run(
    cluster: ApiClient, tmp_path: Path, applier: MakeApplier
) -> None:
    """Its merge compares with the live object, so that even an unchanged manifest writes its weights."""
    kubectl = applier("kubectl")
    world = deployed(cluster, tmp_path, kubectl)
    outcome, looks, error = released(world, {LOOK: lambda: kubectl.apply(STABLE_NAMED.objects()[1:])})
    assert ("rolled-back", LOOK) == (outcome, looks)
    assert "last changed by kubectl-client-side-apply at " in error
    assert [100, 0] == weights(world)


def test_a_server_side_apply_by_kubectl_is_refused_until_the_release_is_over(
    cluster: ApiClient, tmp_path: Path, applier: MakeApplier
) -> None:
    """The release goes on, and the same apply succeeds after it."""
    kubectl = applier("kubectl-server-side")
    world = deployed(cluster, tmp_path, kubectl)

    def apply() -> None:
        with pytest.raises(ApplyError, match=r'conflict.* with "canary-steps".*[\s\S]*\.spec\.http'):
            kubectl.apply(STABLE_NAMED.objects()[1:])

    outcome, looks, error = released(world, {LOOK: apply})
    assert "promoted" == outcome, error
    assert looks > LOOK
    kubectl.apply(changed(STABLE_NAMED.objects()))


def test_an_upgrade_by_helm_4_waits_until_the_release_is_over(
    cluster: ApiClient, tmp_path: Path, applier: MakeApplier
) -> None:
    """It is refused as long as the routes are ours, harms nothing, and succeeds when it is repeated."""
    helm = applier("helm4")
    world = deployed(cluster, tmp_path, helm)
    upgraded = [one for one in changed(STABLE_NAMED.objects()) if one["kind"] == "VirtualService"]
    objects = [*STABLE_NAMED.objects()[:1], *upgraded]

    def upgrade() -> None:
        with pytest.raises(ApplyError, match=r'conflict.* with "canary-steps".*[\s\S]*\.spec\.http'):
            helm.apply(objects)

    outcome, looks, error = released(world, {LOOK: upgrade})
    assert "promoted" == outcome, error
    assert looks > LOOK
    assert [100, 0] == weights(world)
    helm.apply(objects)
    assert "7s" == world.real("virtualservices", "shop")["spec"]["http"][0]["timeout"]


def test_a_prune_by_label_spares_the_canary(cluster: ApiClient, tmp_path: Path, applier: MakeApplier) -> None:
    """Argo CD found its objects by this label for years, and `kubectl apply --prune` does."""
    world = deployed(cluster, tmp_path, applier("kubectl"))
    StepProcess(world).prepare(image="shop:2")
    applier("kubectl-prune").apply([STABLE_NAMED.objects()[1]])  # Git has the VirtualService alone now
    assert 404 == cluster.get("deployments", "shop").code
    assert 200 == cluster.get("deployments", CANARY).code


def test_a_tools_own_deployment_is_released_without_our_image(
    cluster: ApiClient, tmp_path: Path, applier: MakeApplier
) -> None:
    """Target-named: the tool deploys the canary, and a release of it needs no permission to write what is managed."""
    world = AppliedCluster(tmp_path, cluster, TARGET_NAMED)
    primary, *others = TARGET_NAMED.objects()
    applier("kubectl").apply([primary])
    applier("argocd-controller").apply(others)
    world.copy_deployments()
    assert "promoted" == TARGET_NAMED.release(world, "promoted").results["outcome"]
    applier("argocd-controller").apply(others)
