"""An arm is kept if a route that the release does not move would be left without pods."""

from __future__ import annotations

from typing import Any

import pytest

from steps.survey.kept_arms import kept_arms
from tests.support.cart_survey import CART, PAIR, arms_of_versions, route, service, versions, virtual_service
from tests.support.kubernetes_api.kinds import Json

BETA: Json = {"match": [{"headers": {"x-beta": {"exact": "yes"}}}]}
LED_BY_0 = "route #0 of VirtualService demo/cart leads to it"


def kept(*virtual_services: Json, **changes: Any) -> dict[str, str]:
    """Return the kept arms of a swap between cart-v1 and cart-v2."""
    services = (service("cart", app="cart"), service("cart-beta", app="cart", version="v2"))
    survey = versions(virtual_services=virtual_services, services=services)
    return kept_arms(survey, arms_of_versions(survey, "swap", **changes))


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("cart/v2", {"cart-v2": LED_BY_0}),
        ("cart/v1", {"cart-v1": LED_BY_0}),
        ("cart-beta", {"cart-v2": LED_BY_0}),
        ("cart", {}),
        ("elsewhere", {}),
    ],
)
def test_a_route_to_one_arms_pods_alone_keeps_it(to: str, expected: dict[str, str]) -> None:
    """A route to the pods of both arms has others when one stops."""
    assert expected == kept(virtual_service("cart", route((to, None), **BETA), PAIR))


def test_every_route_of_every_namespace_is_named() -> None:
    """So that a person finds them."""
    other = virtual_service("beta", route(("cart.demo.svc.cluster.local/v2", None)), namespace="gateways")
    found = kept(virtual_service("cart", route(("cart/v2", None), **BETA), PAIR), other)
    routes = "route #0 of VirtualService demo/cart and route #0 of VirtualService gateways/beta lead to it"
    assert {"cart-v2": routes} == found


def test_a_pair_that_the_release_does_not_move_keeps_the_arm_with_weight() -> None:
    """In another VirtualService, or in a route that is not named; the released pair does not count."""
    assert {} == kept(CART)
    second = virtual_service("cart-entry", route(("cart/v1", 100), ("cart/v2", 0)))
    assert {"cart-v1": "route #0 of VirtualService demo/cart-entry leads to it"} == kept(CART, second)
    named = route(("cart/v1", 100), ("cart/v2", 0), name="main")
    unnamed = virtual_service("cart", named, route(("cart/v1", 100), ("cart/v2", 0)))
    assert {"cart-v1": "route #1 of VirtualService demo/cart leads to it"} == kept(unnamed, routes=("main",))


def test_tcp_and_tls_routes_count() -> None:
    """They lead to one arm, and nothing splits them."""
    found = virtual_service("raw", route(("elsewhere", None)))
    found["spec"]["tcp"] = [{"route": [{"destination": {"host": "cart", "subset": "v1"}}]}]
    assert {"cart-v1": "tcp route #0 of VirtualService demo/raw leads to it"} == kept(CART, found)
