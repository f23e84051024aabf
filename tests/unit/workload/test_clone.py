"""What a canary takes over from stable's Deployment object."""

from __future__ import annotations

from typing import Any

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


def test_a_label_that_the_pods_have_too_names_the_canary() -> None:
    """What lists Deployments by it does not take the canary for stable."""
    assert "shop-canary" == cloned({"app": "shop"}, app="shop-canary")["labels"]["app"]
