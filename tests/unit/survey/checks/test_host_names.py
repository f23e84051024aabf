"""Hosts that mean another namespace where they stand are named, with the full name to write."""

from __future__ import annotations

import pytest

from steps.model.run import ObjectName
from steps.survey.checks.host_names import check_host_names
from tests.support.cart_survey import (
    CART,
    DOMAIN,
    arms_of_versions,
    patches,
    route,
    rule,
    versions,
    virtual_service,
)

AWAY = (ObjectName("gateways", "entry"),)


def test_short_destinations_of_a_virtual_service_elsewhere_are_refused_with_full_ones() -> None:
    """They would be completed with the gateway's namespace."""
    full = virtual_service("entry", route((f"cart.{DOMAIN}/v1", 100), (f"cart.{DOMAIN}/v2", 0)), namespace="gateways")
    survey = versions(virtual_services=(full,))
    (found,) = check_host_names(survey, arms_of_versions(survey, virtual_services=AWAY))
    flags = f"--stable-destination cart.{DOMAIN}/v1 --canary-destination cart.{DOMAIN}/v2"
    assert ("refuses", (flags,)) == (found.gravity, found.remedies)


def test_full_names_mean_the_same_everywhere() -> None:
    """Short in one VirtualService and full in the other is fine with full destinations."""
    full = virtual_service("entry", route((f"cart.{DOMAIN}/v1", 100), (f"cart.{DOMAIN}/v2", 0)), namespace="gateways")
    survey = versions(virtual_services=(CART, full))
    arms = arms_of_versions(
        survey,
        virtual_services=(*AWAY, ObjectName("demo", "cart")),
        stable_destination=f"cart.{DOMAIN}/v1",
        canary_destination=f"cart.{DOMAIN}/v2",
    )
    assert [] == check_host_names(survey, arms)


@pytest.mark.parametrize(
    ("host", "namespace"), [("cart", "gateways"), ("cart.demo", "demo"), ("cart.demo.svc", "gateways")]
)
def test_a_route_to_a_host_that_means_something_else_is_named(host: str, namespace: str) -> None:
    """Short names elsewhere, and half names anywhere: Istio takes a name with a dot as it stands."""
    survey = versions(virtual_services=(CART, virtual_service("entry", route((host, None)), namespace=namespace)))
    (found,) = check_host_names(survey, arms_of_versions(survey))
    assert "warns" == found.gravity
    path = "/spec/http/0/route/0/destination/host"
    assert [{"op": "replace", "path": path, "value": f"cart.{DOMAIN}"}] == patches(found.remedies[0])


def test_a_destination_rule_elsewhere_with_a_short_host_does_not_apply() -> None:
    """Its subsets are not ours."""
    survey = versions(destination_rules=(rule("cart", v1="v1", v2="v2"), rule("cart", "istio-system", v3="v3")))
    (found,) = check_host_names(survey, arms_of_versions(survey))
    assert "DestinationRule istio-system/cart" == found.about


def test_other_hosts_are_none() -> None:
    """Services of others, and names outside the cluster."""
    entry = virtual_service("entry", route(("db", 50), ("www.example.com", 50)), namespace="gateways")
    survey = versions(virtual_services=(CART, entry))
    assert [] == check_host_names(survey, arms_of_versions(survey))
