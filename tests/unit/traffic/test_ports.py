"""Which ports the routes of a run send requests to."""

from typing import Any

from steps.model.ports import RoutePorts
from steps.model.run import RouteTarget
from steps.traffic import Traffic
from tests.support.shop_namespace import CANARY, SHOP, STABLE, ShopNamespace, plain_spec, two_arms


def ports(
    shop: ShopNamespace, traffic: Traffic, *matches: dict[str, Any], stable: int = 0, canary: int = 0
) -> RoutePorts:
    """Return what is read of one route."""
    route = two_arms("main")
    for entry, number in zip(route["route"], (stable, canary), strict=True):
        entry["destination"] |= {"port": {"number": number}} if number else {}
    shop.add(spec=plain_spec({**route, **({"match": list(matches)} if matches else {})}))
    (found,) = traffic.ports(traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY), STABLE, CANARY)
    return found


def test_ports_are_read_for_each_arm(shop: ShopNamespace, traffic: Traffic) -> None:
    """And the route is named as people find it."""
    found = ports(shop, traffic, stable=80, canary=8080)
    assert RoutePorts("VirtualService shop/shop, route main", 80, 8080) == found


def test_a_destination_without_a_port_has_none(shop: ShopNamespace, traffic: Traffic) -> None:
    """Istio then chooses."""
    assert (None, None, ()) == ((found := ports(shop, traffic)).stable, found.canary, found.asked)


def test_the_ports_that_every_match_asks_for_are_known(shop: ShopNamespace, traffic: Traffic) -> None:
    """In order, each once."""
    assert (80, 9090) == ports(shop, traffic, {"port": 9090}, {"port": 80}, {"port": 80}).asked


def test_a_match_without_a_port_takes_requests_of_all(shop: ShopNamespace, traffic: Traffic) -> None:
    """Matches are alternatives."""
    assert () == ports(shop, traffic, {"port": 9090}, {"uri": {"prefix": "/"}}).asked


def test_every_route_of_every_virtual_service_counts(shop: ShopNamespace, traffic: Traffic) -> None:
    """All of them get the weight."""
    shop.add()
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    found = traffic.ports(targets, STABLE, CANARY)
    assert [(None, 80), (None, None)] == [(one.stable, one.canary) for one in found]
