"""Finding the routes of a run, and refusing what could not be done safely, with the remedy in the message."""

from __future__ import annotations

from typing import Any

import pytest

from steps.claim.acquire import ClaimRequest
from steps.errors import Forbidden, NotFound, PermanentError
from steps.model.run import Destination, ObjectName, RouteTarget
from steps.traffic.rbac import SWEEPER, WALKER, WALKER_WITH_SUBSETS
from steps.traffic.traffic import Traffic
from tests.support.shop_namespace import CANARY, SHOP, STABLE, ShopNamespace, plain_spec, take, two_arms

V1, V2 = Destination("shop", "v1"), Destination("shop", "v2")


def _subset_route(name: str = "main", subsets: tuple[str, str] = ("v1", "v2")) -> dict[str, Any]:
    route = two_arms(name, hosts=("shop", "shop"))
    for entry, subset in zip(route["route"], subsets, strict=True):
        entry["destination"]["subset"] = subset
    return route


def test_all_routes_with_exactly_the_two_arms_are_found(shop: ShopNamespace, traffic: Traffic) -> None:
    """Short and full host names are the same; unnamed routes are known by their place."""
    full = ("shop.shop.svc.cluster.local", "shop-canary")
    other = {"name": "stable-only", "route": [{"destination": {"host": "shop"}}]}
    shop.add(spec=plain_spec(two_arms("main", hosts=full), other, two_arms(canary=None) | {"name": ""}))
    shop.edit(lambda obj: obj["spec"]["http"][2]["route"][0].update(weight=100))
    found = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    assert found == (RouteTarget(SHOP, ("main", "#2")),)


def test_named_routes_only(shop: ShopNamespace, traffic: Traffic) -> None:
    """Others with both arms stay alone, whatever their weights."""
    shop.add(spec=plain_spec(two_arms("testers", canary=50), two_arms("main")))
    assert traffic.resolve([RouteTarget(SHOP, ("main",))], STABLE, CANARY) == (RouteTarget(SHOP, ("main",)),)


def test_targets_come_in_sort_order(shop: ShopNamespace, traffic: Traffic) -> None:
    """The first holds the memory, whatever order people name them in."""
    for name in ("b", "a"):
        shop.add(name, plain_spec())
    wanted = [RouteTarget(ObjectName("shop", name), ()) for name in ("b", "a")]
    assert [target.virtual_service.name for target in traffic.resolve(wanted, STABLE, CANARY)] == ["a", "b"]


def test_subsets_tell_the_arms_apart(shop: ShopNamespace, traffic: Traffic) -> None:
    """One host, two subsets, defined in a DestinationRule."""
    shop.add(spec=plain_spec(_subset_route()))
    shop.add_rule("shop.shop.svc.cluster.local", "v1", "v2")
    assert traffic.resolve([RouteTarget(SHOP, ())], V1, V2) == (RouteTarget(SHOP, ("main",)),)


def test_a_subset_has_its_labels(shop: ShopNamespace, traffic: Traffic) -> None:
    """They tell whether the arms' pods are disjoint; without a subset there are none."""
    shop.add_rule("shop", "v1", "v2")
    assert traffic.subset_labels("shop", V2) == {"version": "v2"}
    assert traffic.subset_labels("shop", STABLE) == {}


def test_a_missing_rule_or_subset_is_refused(shop: ShopNamespace, traffic: Traffic) -> None:
    """Envoy would answer 503; the message has the lines to add."""
    shop.add(spec=plain_spec(_subset_route()))
    with pytest.raises(
        PermanentError, match=r"no DestinationRule for host shop\.shop\.svc[^$]*host: shop[^$]*name: v1"
    ):
        traffic.resolve([RouteTarget(SHOP, ())], V1, V2)
    shop.add_rule("*.shop.svc.cluster.local", "v1")
    with pytest.raises(PermanentError, match=r"rule has no subset v2 \(v1\)\. Add:[^$]*- name: v2"):
        traffic.resolve([RouteTarget(SHOP, ())], V1, V2)


@pytest.mark.parametrize(
    ("spec", "names", "said"),
    [
        (plain_spec({"route": [{"destination": {"host": "shop"}}]}), (),
         r"no HTTP route has exactly the two arms.*#0 → shop 100[^$]*host: shop-canary\n      weight: 0"),
        (plain_spec(two_arms("main")), ("api",), r"no route named api\. It has: main → shop 100, shop-canary 0"),
        (plain_spec(two_arms("main"), {"name": "one", "route": [{"destination": {"host": "shop"}}]}), ("one",),
         r"spec\.http\[1\] \(one\) does not have both arms"),
        (plain_spec(two_arms("main"), two_arms("main")), ("main",), r"ambiguous: spec\.http\[0\] and spec\.http\[1\]"),
        (plain_spec(two_arms("main"), two_arms("main")), (), r"ambiguous: spec\.http\[0\] and spec\.http\[1\]"),
        (plain_spec({"name": "main", "route": [*two_arms()["route"], {"destination": {"host": "x"}, "weight": 5}]}),
         ("main",),
         r"spec\.http\[0\]\.route\[2\]\.destination is x, which is neither arm"),
        (plain_spec({"name": "main", "route": [*two_arms()["route"], {"destination": {"host": "x"}, "weight": 5}]}), (),
         r"destination is x, which is neither arm"),
        (plain_spec(two_arms(canary=None)), (), r"weights in spec\.http\[0\]\.route are 0 and 0 .* sum to 0"),
        (plain_spec({"delegate": {"name": "inner", "namespace": "x"}}), (), r"--virtual-service x/inner"),
        ({"hosts": ["db"], "tcp": [{"route": [{"destination": {"host": "db"}}]}]}, (), r"only tcp or tls routes"),
        ({"hosts": ["db"]}, (), r"It has: no HTTP routes"),
    ],
)  # fmt: skip
def test_a_virtual_service_that_cannot_be_released_is_refused(
    shop: ShopNamespace, traffic: Traffic, spec: dict[str, Any], names: tuple[str, ...], said: str
) -> None:
    """Object, field, value and remedy are named, and nothing was written."""
    before = shop.add(spec=spec)
    with pytest.raises(PermanentError, match=said) as refusal:
        traffic.resolve([RouteTarget(SHOP, names)], STABLE, CANARY)
    assert (refusal.value.exit_code, "VirtualService shop/shop" in refusal.value.action) == (4, True)
    assert shop.get() == before


def test_equal_arms_are_refused(shop: ShopNamespace, traffic: Traffic) -> None:
    """Also where only one of them is written in full."""
    shop.add()
    with pytest.raises(PermanentError, match="same destination"):
        traffic.resolve([RouteTarget(SHOP, ())], STABLE, Destination("shop.shop.svc.cluster.local"))


def test_a_missing_virtual_service_is_named(traffic: Traffic) -> None:
    """With the flag that names another."""
    with pytest.raises(NotFound, match=r"shop/shop.*--virtual-service"):
        traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)


@pytest.mark.parametrize("wanted", [[], [RouteTarget(SHOP, ()), RouteTarget(SHOP, ("main",))]])
def test_no_or_the_same_virtual_service_twice_is_refused(traffic: Traffic, wanted: list[RouteTarget]) -> None:
    """Routes of one VirtualService are named together."""
    with pytest.raises(PermanentError, match="Name each once"):
        traffic.resolve(wanted, STABLE, CANARY)


def test_the_access_lists_are_all_a_run_needs(shop: ShopNamespace) -> None:
    """With everything else forbidden, a whole run and a sweep work."""
    allowed = {(verb, entry.kind.plural) for entry in (*WALKER_WITH_SUBSETS, *SWEEPER) for verb in entry.verbs}
    for resource in ("virtualservices", "destinationrules", "events"):
        for verb in ("get", "list", "create", "update", "patch", "delete"):
            if (verb, resource) not in allowed:
                shop.api.faults.deny(verb, resource)
    shop.add(spec=plain_spec(_subset_route()))
    shop.add_rule("shop", "v1", "v2")
    traffic = shop.traffic()
    claim = take(traffic, ClaimRequest("shop", "r1", traffic.resolve([RouteTarget(SHOP, ())], V1, V2), V1, V2))
    traffic.set_weight(claim, 10)
    shop.later(601)
    traffic.retreat(traffic.claims.take_over(traffic.claims.expired("shop")[0], "s1", "expired"), "expired")
    assert shop.weights() == [[100, 0]]


def test_a_walker_lists_nothing_where_hosts_tell_the_arms_apart(shop: ShopNamespace) -> None:
    """Its rights can be narrowed to the names of its VirtualServices."""
    for verb in ("list", "create"):
        shop.api.faults.deny(verb, "virtualservices")
        shop.api.faults.deny(verb, "destinationrules")
    shop.add()
    assert {entry.is_named for entry in WALKER if not entry.is_optional} == {True}
    assert shop.claim().run == "r1"
    with pytest.raises(Forbidden):
        shop.traffic().claims.expired("shop")
