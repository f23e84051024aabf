"""A second VirtualService to the same host is named, with the flag that releases both."""

from __future__ import annotations

from steps.survey.checks.second_virtual_services import check_second_virtual_services
from tests.support.cart_survey import (
    CART,
    DOMAIN,
    HOSTS_PAIR,
    PAIR,
    arms_of_hosts,
    arms_of_versions,
    hosts,
    patches,
    route,
    said,
    versions,
    virtual_service,
)


def test_an_entry_without_the_canary_gets_both_arms_and_the_flag() -> None:
    """Its users see no canary at any weight, and everything at the promotion."""
    entry = virtual_service(
        "cart-entry", route(("cart", None)), hosts=["cart.example"], gateways=["istio-system/public"]
    )
    survey = hosts(virtual_services=(virtual_service("cart", HOSTS_PAIR), entry))
    (found,) = check_second_virtual_services(survey, arms_of_hosts(survey))
    assert ("second-virtual-service", "VirtualService demo/cart-entry", "warns") == said([found])[0]
    assert found.remedies[0].endswith("--virtual-service cart,cart-entry")
    both = [
        {"destination": {"host": f"cart.{DOMAIN}"}, "weight": 100},
        {"destination": {"host": f"cart-canary.{DOMAIN}"}, "weight": 0},
    ]
    assert [{"op": "replace", "path": "/spec/http/0/route", "value": both}] == patches(found.remedies[0])


def test_ports_and_headers_of_the_entry_are_kept() -> None:
    """In both arms."""
    body = {"destination": {"host": "cart", "port": {"number": 8080}}, "headers": {"request": {"set": {"a": "b"}}}}
    entry = virtual_service("cart-entry", {"route": [body]})
    survey = hosts(virtual_services=(virtual_service("cart", HOSTS_PAIR), entry))
    (found,) = check_second_virtual_services(survey, arms_of_hosts(survey))
    value = patches(found.remedies[0])[0]["value"]
    assert [8080, 8080] == [one["destination"]["port"]["number"] for one in value]
    assert [body["headers"]] * 2 == [one["headers"] for one in value]


def test_one_with_the_pair_needs_the_flag_alone() -> None:
    """Of another namespace too, by its full name."""
    full = route((f"cart.{DOMAIN}/v1", 100), (f"cart.{DOMAIN}/v2", 0))
    survey = versions(virtual_services=(CART, virtual_service("entry", full, namespace="gateways")))
    (found,) = check_second_virtual_services(survey, arms_of_versions(survey))
    assert ("--virtual-service cart,gateways/entry",) == found.remedies


def test_a_route_of_a_released_one_to_stable_alone_is_a_note() -> None:
    """For example a group of users that stays on the old version."""
    sticky = route(("cart/v1", None), match=[{"headers": {"x-group": {"exact": "a"}}}])
    survey = versions(virtual_services=(virtual_service("cart", sticky, PAIR),))
    (found,) = check_second_virtual_services(survey, arms_of_versions(survey))
    assert ("stable-alone", "notes") == (found.code, found.gravity)


def test_the_same_host_in_the_mesh_is_a_warning() -> None:
    """Sidecars apply the older one."""
    shadow = virtual_service("old", route(("db", None)), hosts=["cart"])
    survey = versions(virtual_services=(CART, shadow))
    assert ["same-host"] == [one.code for one in check_second_virtual_services(survey, arms_of_versions(survey))]


def test_others_are_none() -> None:
    """Neither another app's, nor the same host at a gateway alone."""
    other = virtual_service("db", route(("db", None)))
    outside = virtual_service("out", route(("db", None)), hosts=["cart"], gateways=["public"])
    survey = versions(virtual_services=(CART, other, outside))
    assert [] == check_second_virtual_services(survey, arms_of_versions(survey))
