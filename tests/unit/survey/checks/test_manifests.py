"""Objects that were applied from a manifest are named, since the next apply takes back what a release did."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from steps.survey.checks.manifests import check_manifests
from steps.survey.conclusion import Allowed, settled
from steps.survey.problem import Problem
from tests.support.cart_survey import CART, V1, V2, arms_of_hosts, arms_of_versions, deployment, hosts, said, versions

Json = dict[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def client_side(obj: Json) -> Json:
    """Return an object as `kubectl apply` leaves it."""
    made = deepcopy(obj)
    made["metadata"]["annotations"] = {LAST_APPLIED: "{}"}
    return made


def server_side(obj: Json, manager: str = "kubectl", operation: str = "Apply", fields: str = "template") -> Json:
    """Return an object as a server-side apply leaves it."""
    made = deepcopy(obj)
    entry = {"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {f"f:{fields}": {}}}}
    made["metadata"]["managedFields"] = [entry]
    return made


def stable_named(stable: Json) -> list[Problem]:
    """Return what is said of an app whose stable is this."""
    survey = hosts(deployments=(stable,))
    return check_manifests(survey, arms_of_hosts(survey))


@pytest.mark.parametrize(
    ("stable", "by"),
    [
        (client_side(deployment("cart", app="cart")), "kubectl apply wrote"),
        (server_side(deployment("cart", app="cart")), "kubectl apply --server-side wrote"),
        (server_side(deployment("cart", app="cart"), "deployer"), "deployer wrote"),
    ],
)
def test_the_old_image_in_a_manifest_is_announced(stable: Json, by: str) -> None:
    """Before the release, while there is time to choose the other order."""
    (found,) = stable_named(stable)
    assert ("manifest", "Deployment demo/cart", "warns") == (found.code, found.about, found.gravity)
    assert found.text.startswith(by)
    assert ("--template-by external",) == found.remedies
    assert ["notes"] == [one.gravity for one in settled([found], Allowed(external=True))]
    assert ["warns"] == [one.gravity for one in settled([found], Allowed(managed=True))]


@pytest.mark.parametrize(
    "stable",
    [
        deployment("cart", app="cart"),
        server_side(deployment("cart", app="cart"), operation="Update"),
        server_side(deployment("cart", app="cart"), fields="replicas"),
        server_side(deployment("cart", app="cart"), "argocd-controller"),
    ],
)
def test_nothing_is_said_of_objects_that_no_apply_takes_back(stable: Json) -> None:
    """Created or edited by hand, applied without a template, or managed: the last is refused as such."""
    assert [] == stable_named(stable)


def test_weights_in_a_manifest_are_announced_before_a_swap() -> None:
    """They would lead all users to an arm without pods."""
    survey = versions(virtual_services=(server_side(CART, "helm", fields="http"),))
    found = check_manifests(survey, arms_of_versions(survey, "swap"))
    assert [("manifest", "VirtualService demo/cart", "warns")] == said(found)
    assert found[0].text.startswith("Helm wrote its weights from a manifest: after the swap")
    assert "returns all users to cart-v1, which has no pods" in found[0].text
    assert [] == check_manifests(survey, arms_of_versions(survey, "target-named"))


def test_a_canary_that_is_applied_is_better_released_without_an_image() -> None:
    """The next apply of its manifest would bring the old one."""
    survey = versions(deployments=(V1, client_side(V2)))
    for topology in ("swap", "target-named"):
        (found,) = check_manifests(survey, arms_of_versions(survey, topology))
        assert ("Deployment demo/cart-v2", ()) == (found.about, found.remedies)
        assert "release it without --image" in found.text


def test_missing_deployments_are_other_checks_business() -> None:
    """Of either arm."""
    survey = versions(deployments=())
    assert [] == check_manifests(survey, arms_of_versions(survey, "target-named"))
