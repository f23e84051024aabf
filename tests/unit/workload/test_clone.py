"""What a canary takes over from stable's Deployment object."""

from __future__ import annotations

from typing import Any

import pytest

from steps.workload.clone import Clone, clone_manifest
from tests.support.shop_release import deployment


def cloned(labels: dict[str, str], annotations: dict[str, str] | None = None, **pods: str) -> dict[str, Any]:
    """Return the metadata of a clone of a Deployment with these labels and annotations."""
    stable = deployment("shop", "shop:1")
    stable["metadata"] |= {"labels": labels, "annotations": annotations or {}}
    template = {"metadata": {"labels": pods}, "spec": {}}
    made = clone_manifest(stable, Clone("shop-canary", template, {}), {"canary-steps.io/claim.shop": "a:1:prepared"})
    found: dict[str, Any] = made["metadata"]
    return found


def test_labels_and_annotations_that_policies_demand_are_copied() -> None:
    """A Deployment without its team label would be denied."""
    found = cloned({"team": "till", "cost-center": "7"}, {"example.com/owner": "ann"})
    assert {"team": "till", "cost-center": "7", "app.kubernetes.io/managed-by": "canary-steps"} == found["labels"]
    assert {"example.com/owner": "ann", "canary-steps.io/claim.shop": "a:1:prepared"} == found["annotations"]


def test_marks_of_managing_tools_are_not_copied() -> None:
    """Helm, Argo CD and Flux would prune or overwrite a canary with their marks; kubectl would compare it."""
    found = cloned(
        {"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "shop-1", "app.kubernetes.io/instance": "shop",
         "kustomize.toolkit.fluxcd.io/name": "apps", "argocd.argoproj.io/instance": "shop"},
        {"meta.helm.sh/release-name": "shop", "argocd.argoproj.io/tracking-id": "x", "keel.sh/policy": "all",
         "kubectl.kubernetes.io/last-applied-configuration": "{}", "deployment.kubernetes.io/revision": "4",
         "canary-steps.io/claim.shop": "old:1:walking"},
    )  # fmt: skip
    assert {"app.kubernetes.io/managed-by": "canary-steps"} == found["labels"]
    assert {"canary-steps.io/claim.shop": "a:1:prepared"} == found["annotations"]


@pytest.mark.parametrize(
    "mark",
    [
        "app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "argocd.argoproj.io/instance",
        "argocd.argoproj.io/tracking-id", "kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace",
        "helm.toolkit.fluxcd.io/name", "fluxcd.io/sync-gc-mark", "helm.sh/chart", "meta.helm.sh/release-name",
        "meta.helm.sh/release-namespace", "objectset.rio.cattle.io/hash", "objectset.rio.cattle.io/id",
        "fleet.cattle.io/bundle-id", "kapp.k14s.io/app", "kapp.k14s.io/association", "config.k8s.io/owning-inventory",
        "configmanagement.gke.io/managed", "configsync.gke.io/resource-id", "applyset.kubernetes.io/part-of",
        "addonmanager.kubernetes.io/mode", "kubectl.kubernetes.io/last-applied-configuration", "kluctl.io/inventory",
        "app.oam.dev/name", "work.karmada.io/permanent-id", "olm.owner", "crossplane.io/external-name",
        "pulumi.com/skipAwait", "werf.io/version",
    ],
)  # fmt: skip
def test_no_tool_finds_the_canary_by_its_mark(mark: str) -> None:
    """Whether it is a label or an annotation: a prune in the middle of a run would delete the canary."""
    assert mark not in cloned({mark: "shop"})["labels"].keys() - {"app.kubernetes.io/managed-by"}
    assert mark not in cloned({}, {mark: "shop"})["annotations"]


def test_a_label_by_which_a_selector_finds_the_pods_stays_on_them() -> None:
    """Only the Deployment object loses it: tools prune that, and pods go with it."""
    template = {"metadata": {"labels": {"app.kubernetes.io/instance": "shop", "app": "shop-canary"}}, "spec": {}}
    selector = {"matchLabels": {"app.kubernetes.io/instance": "shop", "app": "shop-canary"}}
    made = clone_manifest(deployment("shop", "shop:1"), Clone("shop-canary", template, selector), {})
    assert template == made["spec"]["template"]
    assert selector == made["spec"]["selector"]
    assert "app.kubernetes.io/instance" not in made["metadata"]["labels"]


def test_a_label_that_the_pods_have_too_names_the_canary() -> None:
    """What lists Deployments by it does not take the canary for stable."""
    assert "shop-canary" == cloned({"app": "shop"}, app="shop-canary")["labels"]["app"]
