"""Each destination leads to the pods of its own arm alone: subsets, Services of the arms, Flagger's convention."""

from __future__ import annotations

import pytest
import yaml

from steps.errors import NotFound, PermanentError
from tests.support.field_objects import deployment, route, rule, service, to, versions, virtual_service
from tests.support.kubernetes_api.kinds import AUTOSCALER, SERVICE
from tests.support.mesh_routes import way
from tests.support.shape_cluster import FIELD, ShapeCluster
from tests.unit.init.conftest import Made


def test_a_host_with_other_versions_behind_it_is_replaced_by_subsets(
    cluster_of: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new DestinationRule tells them apart; the users who move are counted, as the person chose the version."""
    cluster = cluster_of(*versions("cart", "v1", "v2", "v3"), virtual_service("cart", route(to("cart"))))
    found = cluster.printed("cart", stable="cart-v1", canary="cart-v2")

    subsets = found["DestinationRule cart"]["spec"]["subsets"]
    assert {"v1": {"version": "v1"}, "v2": {"version": "v2"}} == {one["name"]: one["labels"] for one in subsets}
    assert [to("cart", "v1", 100), to("cart", "v2", 0)] == found["VirtualService cart"]["spec"]["http"][0]["route"]
    assert "about 67 % of them move" in capsys.readouterr().out


def test_a_missing_subset_joins_the_rule_that_exists(cluster_of: Made) -> None:
    """Printed in full, its traffic policy kept."""
    known = rule("cart", v1="v1")
    known["spec"]["trafficPolicy"] = {"connectionPool": {"http": {"http1MaxPendingRequests": 9}}}
    cluster = cluster_of(*versions("cart", "v1", "v2"), known, virtual_service("cart", route(to("cart"))))
    found = cluster.printed("cart", stable="cart-v1", canary="cart-v2")["DestinationRule cart"]

    assert known["spec"]["trafficPolicy"] == found["spec"]["trafficPolicy"]
    assert ["v1", "v2"] == [one["name"] for one in found["spec"]["subsets"]]
    assert {"host": "cart"}.items() <= found["spec"].items()


def test_a_route_to_a_subset_keeps_it_whatever_host_is_named(cluster_of: Made) -> None:
    """The whole host would spread v1's users over both versions."""
    routes = virtual_service("cart", route(to("cart", "v1")))
    cluster = cluster_of(*versions("cart", "v1", "v2"), rule("cart", v1="v1", v2="v2"), routes)
    found = cluster.printed("cart", stable="cart-v1", stable_destination="cart")

    split = found["VirtualService cart"]["spec"]["http"][0]["route"]
    assert [to("cart", "v1", 100), to("cart-v1-canary", weight=0)] == split
    assert {"app": "cart-v1-canary"} == found["Service cart-v1-canary"]["spec"]["selector"]


def test_subsets_that_nobody_defined_are_defined_by_the_labels_they_name(cluster_of: Made) -> None:
    """Their users get 503 until then."""
    routes = virtual_service("cart", route(to("cart", "v1", 100), to("cart", "v2", 0)))
    cluster = cluster_of(*versions("cart", "v1", "v2"), routes)
    assert {"DestinationRule cart", "ConfigMap canary-steps-cart"} == set(cluster.printed("cart"))
    cluster.apply(cluster.init("cart"))
    assert (("cart-v1",), 80) == way(cluster.survey(), "cart", 80)


def test_a_pair_that_people_deploy_needs_neither_services_nor_clones(cluster_of: Made) -> None:
    """Only its names are missing, if anything."""
    routes = virtual_service("cart", route(to("cart", "v1", 100), to("cart", "v2", 0)))
    cluster = cluster_of(*versions("cart", "v1", "v2"), rule("cart", v1="v1", v2="v2"), routes)
    assert {"ConfigMap canary-steps-cart"} == set(cluster.printed("cart"))


def test_versions_that_no_label_tells_apart_are_refused(cluster_of: Made) -> None:
    """With the label to add."""
    alike = [deployment(f"cart-{one}", app="cart") for one in ("v1", "v2")]
    cluster = cluster_of(service("cart"), *alike, virtual_service("cart", route(to("cart"))))
    with pytest.raises(PermanentError, match="version: v1"):
        cluster.init("cart", stable="cart-v1", canary="cart-v2")


def test_a_twin_keeps_what_means_something_and_drops_what_tools_own(cluster_of: Made) -> None:
    """Monitors select by its labels; a second public address or a prune would harm."""
    labels = {"app": "cart", "monitoring": "enabled", "helm.sh/chart": "cart-1", "app.kubernetes.io/managed-by": "Helm"}
    notes = {
        "prometheus.io/scrape": "true",
        "networking.istio.io/exportTo": ".",
        "meta.helm.sh/release-name": "cart",
        "external-dns.alpha.kubernetes.io/hostname": "cart.example",
        "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
    }
    ports = [
        {"name": "http", "port": 80, "targetPort": "http"},
        {"name": "https", "port": 443, "targetPort": 8443},
        {"name": "grpc-api", "port": 9090, "appProtocol": "grpc"},
        {"name": "dns", "port": 53, "protocol": "UDP"},
    ]
    cluster = cluster_of(service("cart", *ports, labels=labels, annotations=notes), deployment("cart"))
    twin = cluster.printed("cart")["Service cart-canary"]

    assert {"app": "cart", "monitoring": "enabled"} == twin["metadata"]["labels"]
    kept = {"prometheus.io/scrape": "true", "networking.istio.io/exportTo": "."}
    assert kept == twin["metadata"]["annotations"]
    sent = [{key: port[key] for key in ports[at]} for at, port in enumerate(twin["spec"]["ports"])]
    assert ports == sent
    assert "UDP" == twin["spec"]["ports"][3]["protocol"]


def test_the_twin_of_a_headless_service_has_an_address(cluster_of: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Without one, Envoy would send the canary's requests to stable's pods; the headless one is reported."""
    headless = service("queue")
    headless["spec"]["clusterIP"] = "None"
    found = cluster_of(headless, deployment("queue")).printed("queue")
    assert "clusterIP" not in found["Service queue-canary"]["spec"]
    assert "Service queue is headless" in capsys.readouterr().out


def _target_named(cluster: ShapeCluster) -> list[list[str]]:
    return [cluster.apply(cluster.init("shop", topology="target-named")) for _ in range(3)]


def test_flaggers_services_come_before_the_apps_own_is_switched(cluster_of: Made) -> None:
    """Once the primary is ready, clients that pass no VirtualService keep what serves; a third run prints nothing."""
    routes = virtual_service("shop", route(to("shop", destination={"port": {"number": 80}})))
    cluster = cluster_of(service("shop"), deployment("shop", replicas=2), routes)
    first, second, third = _target_named(cluster)

    assert {"Deployment shop-primary", "Service shop-primary", "Service shop-canary"} <= set(first)
    assert not {"Service shop", "VirtualService shop"} & set(first)
    assert ["Service shop", "VirtualService shop"] == second
    assert [] == third
    assert {"app": "shop-primary"} == cluster.world.store.get(SERVICE, FIELD, "shop")["spec"]["selector"]
    assert {"app": "shop"} == cluster.world.store.get(SERVICE, FIELD, "shop-canary")["spec"]["selector"]
    assert (("shop-primary",), 80) == way(cluster.survey(), "shop", 80)
    names = cluster.names("shop")
    assert ("shop-primary", "shop", "shop-canary") == (names.stable, names.canary, names.canary_destination.host)
    assert [] == cluster.problems("shop", names)


def test_flaggers_services_are_made_from_a_port_where_none_exists(cluster_of: Made) -> None:
    """Flagger's users have none in Git."""
    cluster = cluster_of(deployment("shop", {"containerPort": 9898}))
    first, second, third = _target_named(cluster)

    assert {"Service shop-primary", "Service shop-canary"} <= set(first)
    assert (["Service shop", "VirtualService shop"], []) == (second, third)
    port = cluster.world.store.get(SERVICE, FIELD, "shop")["spec"]["ports"][0]
    assert ("http", 9898, 9898) == (port["name"], port["port"], port["targetPort"])
    assert "shop-primary" == cluster.preflight(cluster.names("shop")).state.stable


def test_the_apps_service_waits_for_every_pod_of_the_primary(cluster_of: Made) -> None:
    """One ready pod of three would get the users of all."""
    cluster = cluster_of(service("shop"), deployment("shop", replicas=3))
    cluster.apply(cluster.init("shop", topology="target-named"))
    cluster.unready("shop-primary", available=1)
    assert "Service shop" not in cluster.printed("shop", topology="target-named")


def test_canary_yaml_names_flaggers_arms(cluster_of: Made) -> None:
    """A release by these names alone, without a list, is about the same arms."""
    text = cluster_of(service("shop"), deployment("shop")).printed("shop", topology="target-named")
    config = yaml.safe_load(text["ConfigMap canary-steps-shop"]["data"]["canary.yaml"])
    wanted = {
        "topology": "target-named",
        "stable": "shop-primary",
        "canary": "shop",
        "canary-destination": "shop-canary",
    }
    assert wanted.items() <= config.items()


def test_an_autoscaler_of_the_canary_is_reported(cluster_of: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """It keeps a rejected version running."""
    cluster = cluster_of(service("shop"), deployment("shop"))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9}
    cluster.world.store.create(AUTOSCALER, FIELD, {"metadata": {"name": "shop"}, "spec": spec})
    cluster.init("shop", topology="target-named")
    assert "HorizontalPodAutoscaler shop scales the canary shop" in capsys.readouterr().out


def test_one_deployment_behind_the_service_of_the_apps_name_is_the_app(cluster_of: Made) -> None:
    """It need not be named like the app; clients call the Service."""
    cluster = cluster_of(service("app", selector={"tier": "a"}), deployment("app-v1", tier="a"), deployment("other"))
    cluster.apply(cluster.init("app"))
    names = cluster.names("app")
    assert ("app-v1", "app", "app-v1-canary") == (names.stable, str(names.stable_destination), names.canary)
    assert [] == cluster.problems("app", names)


def test_the_only_service_before_a_deployment_is_the_one_that_clients_call(cluster_of: Made) -> None:
    """Whatever its name is."""
    found = cluster_of(service("front", selector={"app": "shop"}), deployment("shop")).printed("shop")
    spec = found["VirtualService shop"]["spec"]
    assert (["front"], "front") == (spec["hosts"], spec["http"][0]["route"][0]["destination"]["host"])


def test_several_services_before_a_deployment_are_offered(cluster_of: Made) -> None:
    """Nothing says which one clients call."""
    both = [service(name, selector={"app": "shop"}) for name in ("inner", "outer")]
    with pytest.raises(PermanentError, match=r"--stable-destination inner\n.*--stable-destination outer"):
        cluster_of(*both, deployment("shop")).init("shop")


def test_candidates_are_named_where_the_deployment_is_missing(cluster_of: Made) -> None:
    """Those that the Service selects before those that only stand in the namespace."""
    cluster = cluster_of(deployment("alpha"), *versions("cart", "v1", "v2"))
    with pytest.raises(NotFound) as refused:
        cluster.init("cart")
    lines = [line.strip() for line in str(refused.value).splitlines()[1:]]
    assert ["--stable cart-v1", "--stable cart-v2", "--stable alpha"] == lines
