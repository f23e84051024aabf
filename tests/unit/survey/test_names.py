"""Deployments and topology follow from the pair; a destination with foreign pods is refused."""

from __future__ import annotations

from typing import Any

import pytest

from steps.errors import PermanentError
from steps.survey.inference import Hints
from steps.survey.names import InferredNames, infer_names
from steps.survey.objects import Survey
from tests.unit.survey.test_inference import (
    CART,
    CART_RULE,
    CART_SERVICE,
    NAMESPACE,
    deployment,
    route,
    service,
    virtual_service,
)

Json = dict[str, Any]
SPLIT = virtual_service("cart", route(("cart/v1", 90), ("cart/v2", 10)))
BY_HOST = virtual_service("cart", route(("cart", 100), ("cart-canary", 0)))
HOSTS = (CART_SERVICE, service("cart-canary", app="cart-canary"))


def names(*virtual_services: Json, **parts: Any) -> InferredNames:
    """Return the inferred names of `cart`."""
    made = {"services": (CART_SERVICE,), "deployments": CART, "destination_rules": (CART_RULE,), **parts}
    found = infer_names(Survey(NAMESPACE, virtual_services, **made), Hints("cart"))
    assert found is not None
    return found


def test_of_two_deployments_that_people_deploy_the_lighter_one_is_released() -> None:
    """The commonest set-up: v1 and v2 at 90/10."""
    found = names(SPLIT)
    assert ("swap", "cart-v1", "cart-v2", 10) == (
        found.topology,
        found.stable,
        found.canary,
        found.canary_weight,
    )


def test_a_canary_that_does_not_exist_is_to_be_made() -> None:
    """Stable-named, with the name left to the convention."""
    found = names(BY_HOST, deployments=(deployment("cart", app="cart"),), services=HOSTS)
    assert ("stable-named", "cart", "") == (found.topology, found.stable, found.canary)


def test_a_canary_of_an_earlier_release_is_ours() -> None:
    """By its label."""
    ours = deployment("cart-canary", app="cart-canary")
    ours["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "canary-steps"}
    found = names(BY_HOST, deployments=(deployment("cart", app="cart"), ours), services=HOSTS)
    assert ("stable-named", "cart", "cart-canary") == (found.topology, found.stable, found.canary)


def test_a_primary_serves_what_people_deploy_beside_it() -> None:
    """Flagger's convention: the canary is what people deploy."""
    found = names(
        virtual_service("cart", route(("cart-primary", 100), ("cart-canary", 0))),
        deployments=(deployment("cart", app="cart"), deployment("cart-primary", app="cart-primary")),
        services=(
            service("cart", app="cart-primary"), service("cart-primary", app="cart-primary"),
            service("cart-canary", app="cart"),
        ),
    )  # fmt: skip
    assert ("target-named", "cart-primary", "cart") == (found.topology, found.stable, found.canary)


@pytest.mark.parametrize("split", [route(("cart", None)), route(("cart", 100), ("cart-canary", 0))])
def test_a_destination_that_reaches_other_deployments_is_refused(split: Json) -> None:
    """A third of all users would meet each of two wrong versions."""
    third = deployment("cart-v3", app="cart", version="v3")
    with pytest.raises(PermanentError, match="cart-v1 and cart-v2 and cart-v3"):
        names(virtual_service("cart", split), deployments=(*CART, third), services=HOSTS)


def test_a_destination_without_pods_is_refused_with_the_labels_it_asks_for() -> None:
    """A misspelt label looks like this."""
    with pytest.raises(PermanentError, match="app=cart, version=v1"):
        names(SPLIT, deployments=(deployment("cart-v1", app="cart", version="1"), CART[1]))
