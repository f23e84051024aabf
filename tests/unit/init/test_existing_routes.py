"""A VirtualService that exists is printed in full with the split, and with nothing else changed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.field_objects import deployment, route, rule, service, to, versions, virtual_service
from tests.unit.init.conftest import Made

RICH = {
    "name": "main",
    "match": [{"uri": {"prefix": "/"}}],
    "timeout": "3s",
    "retries": {"attempts": 2},
    "mirror": {"host": "audit"},
    "corsPolicy": {"allowMethods": ["GET"]},
    "headers": {"request": {"set": {"x-team": "a"}}},
    "rewrite": {"uri": "/v1"},
    "fault": {"delay": {"fixedDelay": "1s", "percentage": {"value": 1}}},
}


def test_a_route_keeps_all_its_fields_and_its_destination_keeps_port_and_headers(cluster_of: Made) -> None:
    """The canary's entry is like stable's, but for the host."""
    port = {"port": {"number": 80}}
    headers = {"response": {"add": {"x-served-by": "shop"}}}
    entry = to("shop.field.svc.cluster.local", destination=port, headers=headers)
    shop = virtual_service("shop", route(entry, **RICH), exportTo=["."])
    shop["metadata"] |= {"labels": {"team": "a"}, "annotations": {"note": "kept", "canary-steps.io/last.shop": "{}"}}
    found = cluster_of(service("shop"), deployment("shop"), shop).printed("shop")["VirtualService shop"]

    stable, canary = found["spec"]["http"][0].pop("route")
    assert {**entry, "weight": 100} == stable
    assert {**to("shop-canary", destination=port, headers=headers), "weight": 0} == canary
    assert {**shop["spec"], "http": [RICH]} == found["spec"]
    kept = {"labels": {"team": "a"}, "annotations": {"note": "kept"}}
    assert {"name": "shop", "namespace": "field", **kept} == found["metadata"]


def test_only_routes_to_stable_alone_get_the_split(cluster_of: Made) -> None:
    """Routes elsewhere, redirects, direct responses, delegates, tcp and tls stay."""
    others = [
        route(to("other"), match=[{"uri": {"prefix": "/other"}}]),
        {"match": [{"uri": {"exact": "/old"}}], "redirect": {"uri": "/new"}},
        {"match": [{"uri": {"exact": "/down"}}], "directResponse": {"status": 503}},
        {"match": [{"uri": {"prefix": "/part"}}], "delegate": {"name": "part"}},
    ]
    tls = [{"match": [{"port": 443, "sniHosts": ["shop"]}], "route": [to("shop")]}]
    shop = virtual_service("shop", *others, route(to("shop")), tls=tls)
    found = cluster_of(service("shop"), deployment("shop"), service("other"), deployment("other"), shop).printed("shop")

    spec = found["VirtualService shop"]["spec"]
    assert others == spec["http"][:4]
    assert [to("shop", weight=100), to("shop-canary", weight=0)] == spec["http"][4]["route"]
    assert tls == spec["tls"]


def test_the_comment_says_which_routes_change(cluster_of: Made) -> None:
    """By name or place, with what they match."""
    shop = virtual_service("shop", route(to("shop"), name="main", match=[{"uri": {"prefix": "/a"}}]))
    text = cluster_of(service("shop"), deployment("shop"), shop).init("shop")
    assert "#   main (uri prefix /a): shop becomes shop 100 and shop-canary 0" in text


@pytest.mark.parametrize(
    ("marks", "tool"),
    [
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "Helm"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "x"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}, "Flux"),
    ],
)
def test_a_managed_virtual_service_is_printed_with_the_tool_that_has_to_know(
    cluster_of: Made, marks: dict[str, Any], tool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the comment and as a warning; its marks stay, as the tool looks for them."""
    shop = virtual_service("shop", route(to("shop")))
    shop["metadata"] |= marks
    cluster = cluster_of(service("shop"), deployment("shop"), shop)
    text = cluster.init("shop")
    wanted = f"{tool} manages VirtualService field/shop"

    assert wanted in text
    assert wanted in capsys.readouterr().out
    assert marks.items() <= cluster.printed("shop")["VirtualService shop"]["metadata"].items()


def test_routes_in_a_delegate_change_there(cluster_of: Made) -> None:
    """Even if the root is named: it has no route of its own, and a delegate has no hosts."""
    root = virtual_service("root", {"delegate": {"name": "web-routes"}}, hosts=["web.example"], gateways=["in/public"])
    delegate = virtual_service("web-routes", route(to("web")), hosts=None)
    found = cluster_of(service("web"), deployment("web"), root, delegate).printed("web", virtual_service="root")

    assert {"VirtualService web-routes"} == {one for one in found if one.startswith("VirtualService")}
    assert "hosts" not in found["VirtualService web-routes"]["spec"]
    assert "web-routes" in found["ConfigMap canary-steps-web"]["data"]["canary.yaml"]


def test_both_virtual_services_of_an_app_are_printed_and_named(cluster_of: Made) -> None:
    """The gateway's users would see no canary, and then all of it."""
    mesh = virtual_service("web", route(to("web")))
    entry = virtual_service("web-entry", route(to("web")), hosts=["web.example"], gateways=["istio-system/public"])
    found = cluster_of(service("web"), deployment("web"), mesh, entry).printed("web")

    for name in ("web", "web-entry"):
        split = found[f"VirtualService {name}"]["spec"]["http"][0]["route"]
        assert [to("web", weight=100), to("web-canary", weight=0)] == split
    config = yaml.safe_load(found["ConfigMap canary-steps-web"]["data"]["canary.yaml"])
    assert "web,web-entry" == config["virtual-service"]


def test_the_second_virtual_service_is_completed_where_the_first_has_the_pair(cluster_of: Made) -> None:
    """Else a release would leave the gateway's users out."""
    pair = virtual_service("web", route(to("web", weight=100), to("web-canary", weight=0)))
    entry = virtual_service("web-entry", route(to("web")), hosts=["web.example"], gateways=["istio-system/public"])
    found = cluster_of(service("web"), service("web-canary"), deployment("web"), pair, entry).printed("web")
    assert ["VirtualService web-entry"] == [one for one in found if one.startswith("VirtualService")]


def test_a_virtual_service_in_the_gateways_namespace_gets_full_hosts(cluster_of: Made) -> None:
    """A short one would mean another Service there; the port is kept, and canary.yaml has full hosts too."""
    full = "front.field.svc.cluster.local"
    port = {"port": {"number": 80}}
    entry = route(to(full, destination=port))
    public = virtual_service("public", entry, namespace="ingress", hosts=["x.example"], gateways=["public"])
    cluster = cluster_of(service("front"), deployment("front"), public)
    found = cluster.printed("front", virtual_service="ingress/public")

    wanted = [
        to(full, weight=100, destination=port),
        to("front-canary.field.svc.cluster.local", weight=0, destination=port),
    ]
    assert wanted == found["VirtualService public"]["spec"]["http"][0]["route"]
    assert "ingress" == found["VirtualService public"]["metadata"]["namespace"]
    config = yaml.safe_load(found["ConfigMap canary-steps-front"]["data"]["canary.yaml"])
    assert (full, "front-canary.field.svc.cluster.local") == (
        config["stable-destination"],
        config["canary-destination"],
    )


def test_a_pair_with_weights_at_rest_is_printed_with_all_weight_on_stable(
    cluster_of: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says how many users move by that, and the other way."""
    routes = virtual_service("cart", route(to("cart", "v1", 90), to("cart", "v2", 10)))
    cluster = cluster_of(*versions("cart", "v1", "v2"), rule("cart", v1="v1", v2="v2"), routes)
    found = cluster.printed("cart")

    assert [to("cart", "v1", 100), to("cart", "v2", 0)] == found["VirtualService cart"]["spec"]["http"][0]["route"]
    said = capsys.readouterr().out
    assert "10 % of the users of route #0 move from cart/v2 to cart/v1" in said
    assert "--at-rest adopt" in said
    assert "10 % of the users" in cluster.init("cart").replace("\n# ", " ")


def test_named_roles_decide_an_equal_pair(cluster_of: Made) -> None:
    """The other half of the users moves to the named stable."""
    routes = virtual_service("cart", route(to("cart", "v1", 50), to("cart", "v2", 50)))
    cluster = cluster_of(*versions("cart", "v1", "v2"), rule("cart", v1="v1", v2="v2"), routes)
    found = cluster.printed("cart", stable_destination="cart/v2", canary_destination="cart/v1")
    assert [to("cart", "v1", 0), to("cart", "v2", 100)] == found["VirtualService cart"]["spec"]["http"][0]["route"]


def test_a_third_destination_with_weight_stays(cluster_of: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Its users would move by an order that nobody gave; the release is refused as before."""
    three = route(to("cart", "v1", 80), to("cart", "v2", 10), to("cart", "v3", 10))
    rules = rule("cart", v1="v1", v2="v2", v3="v3")
    cluster = cluster_of(*versions("cart", "v1", "v2", "v3"), rules, virtual_service("cart", three))
    found = cluster.printed(
        "cart", stable="cart-v1", canary="cart-v2", stable_destination="cart/v1", canary_destination="cart/v2"
    )

    assert not [one for one in found if one.startswith("VirtualService")]
    assert "third destination" in capsys.readouterr().out
