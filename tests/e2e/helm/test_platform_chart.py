"""By the chart canary-steps a namespace gets everything: a release runs, an upgrade changes it, and nothing stays."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pytest

from tests.e2e.argo.workflow import Workflow, image, is_at_rest
from tests.e2e.helm.helm_command import Helm
from tests.e2e.setup import PRODUCT, configure, users_of
from tests.e2e.tekton.releases import deploy, served_image, start, users
from tests.lab.cluster import tekton
from tests.lab.cluster.api import Json
from tests.lab.cluster.lab import ClusterLab
from tests.support.processes import ROOT

pytestmark = pytest.mark.e2e

CHART = str(ROOT / "charts" / "canary-steps")
KINDS = {
    "v1": ("ServiceAccount",),
    "batch/v1": ("CronJob",),
    "apps/v1": ("Deployment",),
    "rbac.authorization.k8s.io/v1": ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
}
"""What the chart installs for every engine."""
ARGO = {"argoproj.io/v1alpha1": ("WorkflowTemplate", "CronWorkflow")}
TEKTON = {"tekton.dev/v1": ("Task", "Pipeline"), "tekton.dev/v1beta1": ("StepAction",)}
LEFT = {"Deployment/shop", "Deployment/shop-canary"}
"""The app, which the chart does not own."""


@pytest.fixture
def place(images: None) -> Iterator[ClusterLab]:
    """Return a namespace in which nothing of canary-steps is installed."""
    with ClusterLab(f"helm-{random.randrange(10**8)}") as lab:
        yield lab


def test_argo_releases_by_the_chart_and_an_uninstall_leaves_nothing(place: ClusterLab) -> None:
    """Helm 4: install, a promoted release, an upgrade with the board and the sweep of all namespaces, uninstall."""
    helm = Helm.of("helm4", place)
    before = objects(place, ARGO)
    notes = helm.run("install", "canary-steps", CHART, "--values", "-", given=values("argo"))
    assert f"argo submit -n {place.namespace}" in notes
    configure(place)
    place.deploy_app()
    with users_of(place) as seen:
        release = Workflow.release(place, "v2", "canary-release-lean", weights="[50]")
        assert release.wait_for_end() == "Succeeded"
        assert seen.stop().failures() == ()
    assert (True, "demo/shop:v2") == (is_at_rest(place), image(place))
    upgraded = values("argo", sweep={"allNamespaces": True}, board={"enabled": True})
    helm.run("upgrade", "canary-steps", CHART, "--values", "-", given=upgraded)
    place.wait_until_rolled_out("canary-board")
    assert f"ClusterRole/canary-steps-sweeper-{place.namespace}" in objects(place, ARGO) - before
    helm.run("upgrade", "canary-steps", CHART, "--values", "-", given=values("argo"))
    assert not {one for one in objects(place, ARGO) - before if "Cluster" in one or "board" in one}
    helm.run("uninstall", "canary-steps", "--wait")
    assert before | LEFT == objects(place, ARGO)


@pytest.mark.full
def test_tekton_releases_by_the_chart_and_an_uninstall_leaves_nothing(place: ClusterLab) -> None:
    """Helm 3: the webhook takes every Task; a release in one pod is promoted; then the other engine in its place."""
    if place.is_own:
        tekton.up(place.api)
    helm = Helm.of("helm3", place)
    both = {**ARGO, **TEKTON}
    before = objects(place, both)
    notes = helm.run("install", "canary-steps", CHART, "--values", "-", given=values("tekton"))
    assert f"kubectl create -n {place.namespace}" in notes
    deploy(place, "shop")
    with users(place, "shop"):
        release = start(place, "shop", "demo/shop:v2", "canary-release-one-pod", ladder="50")
        assert release.wait() in {"Succeeded", "Completed"}, release.status
    assert ("promoted", "demo/shop:v2") == (release.results["outcome"], served_image(place, "shop"))
    helm.run("upgrade", "canary-steps", CHART, "--values", "-", given=values("argo"))
    there = objects(place, both) - before
    assert "WorkflowTemplate/canary-release" in there
    assert not {one for one in there if one.startswith(("Task/", "StepAction/", "Pipeline/"))}
    helm.run("uninstall", "canary-steps", "--wait")
    assert before | LEFT == objects(place, both)


@pytest.mark.full
def test_two_releases_live_side_by_side(place: ClusterLab) -> None:
    """In two namespaces, each with a sweep of all; neither upgrade nor uninstall of one touches the other."""
    with ClusterLab(f"helm-other-{random.randrange(10**8)}") as other:
        one, two = Helm.of("helm3", place), Helm.of("helm4", other)
        wide = values("argo", sweep={"allNamespaces": True, "schedule": "0 0 1 1 *"})
        for helm in (one, two):
            helm.run("install", "canary-steps", CHART, "--values", "-", given=wide)
        one.run("uninstall", "canary-steps", "--wait")
        assert f"ClusterRole/canary-steps-sweeper-{place.namespace}" not in objects(place)
        assert f"ClusterRole/canary-steps-sweeper-{other.namespace}" in objects(other)
        two.run("uninstall", "canary-steps", "--wait")


def values(engine: str, **more: Json) -> str:
    """Return values as JSON: one engine, the image built here, and a sweep that does not run during the test."""
    repository, _, tag = PRODUCT.rpartition(":")
    chosen: Json = {"engines": [engine], "image": {"repository": repository, "tag": tag}, **more}
    chosen["sweep"] = {"schedule": "0 0 1 1 *", **chosen.get("sweep", {})}
    return json.dumps(chosen)


def objects(lab: ClusterLab, more: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> set[str]:
    """Return kind/name of what the namespace has of the chart's kinds and of `more`, and the cluster for it."""
    found = set()
    for version, kinds in {**KINDS, **more}.items():
        for kind in kinds:
            is_wide = kind.startswith("Cluster")
            names = [one["metadata"]["name"] for one in lab.api.items(version, kind, "" if is_wide else lab.namespace)]
            found |= {f"{kind}/{name}" for name in names if not is_wide or name.endswith(f"-{lab.namespace}")}
    return found
