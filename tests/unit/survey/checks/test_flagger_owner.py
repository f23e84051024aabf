"""A release is refused while Flagger still owns one of its objects, since two tools would write the same weights."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from steps.survey.checks.flagger_owner import check_flagger_owner
from steps.survey.problem import Problem
from tests.support.cart_survey import CART, V1, V2, arms_of_versions, service, versions

Json = dict[str, Any]
FLAGGER = "flagger.app/v1beta1"


def owned(obj: Json, api_version: str = FLAGGER, kind: str = "Canary") -> Json:
    """Return an object with an owner."""
    made = deepcopy(obj)
    made["metadata"]["ownerReferences"] = [{"apiVersion": api_version, "kind": kind, "name": "till", "uid": "1"}]
    return made


def found_in(**parts: Any) -> list[Problem]:
    """Return what is found where parts of the pair are replaced."""
    survey = versions(**parts)
    return check_flagger_owner(survey, arms_of_versions(survey))


@pytest.mark.parametrize(
    ("parts", "about"),
    [
        ({"virtual_services": (owned(CART),)}, "VirtualService demo/cart"),
        ({"deployments": (owned(V1), V2)}, "Deployment demo/cart-v1"),
        ({"deployments": (V1, owned(V2))}, "Deployment demo/cart-v2"),
    ],
)
def test_an_object_that_a_canary_owns_refuses_the_release(parts: Json, about: str) -> None:
    """With the commands that leave the objects and take the Canary."""
    (found,) = found_in(**parts)
    assert ("flagger", about, "refuses") == (found.code, found.about, found.gravity)
    assert "kubectl delete canary till -n demo --cascade=orphan" in found.remedies[0]


def test_a_service_that_both_arms_share_is_named() -> None:
    """Its deletion would take both arms from their users."""
    assert {"Service demo/cart"} == {one.about for one in found_in(services=(owned(service("cart", app="cart")),))}


@pytest.mark.parametrize("owner", [("apps/v1", "ReplicaSet"), ("canaries.example/v1", "Canary"), ("", "")])
def test_other_owners_are_not_flaggers(owner: tuple[str, str]) -> None:
    """Another operator's Canary, or none."""
    assert [] == found_in(virtual_services=(owned(CART, *owner),))
    assert [] == found_in()
