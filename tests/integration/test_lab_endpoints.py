"""The embedded mesh fails as Istio does: without endpoints, with wrong ports, full pools and ejected pods."""

from __future__ import annotations

import time

import pytest

from tests.integration.lab_mesh import NUMBERS, ask, failures, set_target, virtual_service
from tests.lab.embedded.lab import EmbeddedLab
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE, Json

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("port", "destination", "code", "flags", "workload", "service"),
    [
        ({"port": 80, "targetPort": "web"}, {}, 503, "UH", "unknown", "{name}"),
        ({"port": 80, "targetPort": 9999}, {}, 503, "URX,UF", "shop-canary", "{name}"),
        ({"port": 80}, {}, 503, "URX,UF", "shop-canary", "{name}"),
        ({"port": 8080}, {}, 200, "-", "shop-canary", "{name}"),
        ({"port": 80, "targetPort": "http"}, {"port": {"number": 81}}, 503, "NC", "unknown", "unknown"),
        ({"port": 80, "targetPort": "http"}, {"subset": "v9"}, 503, "NC", "unknown", "unknown"),
    ],
)
def test_a_port_that_does_not_lead_to_the_app_fails_as_in_istio(
    mesh_lab: EmbeddedLab, port: Json, destination: Json, code: int, flags: str, workload: str, service: str
) -> None:  # fmt: skip
    """No endpoint, a refused connection or no cluster; and Prometheus names what Envoy knew of it."""
    name = f"port-{next(NUMBERS)}"
    ports = [{"name": "http", **port}]
    spec = {"selector": {"app": "shop-canary"}, "ports": ports}
    mesh_lab.api.store.create(SERVICE, "demo", {"metadata": {"name": name}, "spec": spec})
    route = {"route": [{"destination": {"host": name, **destination}}]}
    mesh_lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service(name, route))
    mesh_lab.wait_for(lambda: ask(mesh_lab, name) != 404, what="the route")
    assert code == ask(mesh_lab, name)
    service = service.format(name=name)
    seen = f'response_code="{code}",response_flags="{flags}",destination_workload="{workload}"'
    mesh_lab.wait_for(
        lambda: mesh_lab.query(f'istio_requests_total{{{seen},destination_service_name="{service}"}}'), what=seen
    )


def test_only_the_service_of_a_failure_without_an_endpoint_is_known(mesh_lab: EmbeddedLab) -> None:
    """Everything that Istio takes from the endpoint is unknown; the service comes from Envoy's cluster."""
    mesh_lab.api.store.create(SERVICE, "demo", manifests.service("nobody", {"app": "nobody"}))
    mesh_lab.wait_for(lambda: ask(mesh_lab, "nobody") == 503, what="the service")
    series = 'istio_requests_total{destination_service_name="nobody"}'
    mesh_lab.wait_for(lambda: mesh_lab.query(series), what=series)
    [found] = mesh_lab.query(series)
    of_destination = {name: value for name, value in found["metric"].items() if name.startswith("destination_")}
    identity = ("workload", "workload_namespace", "app", "version", "canonical_service", "principal", "cluster")
    assert of_destination == {f"destination_{name}": "unknown" for name in identity} | {
        "destination_canonical_revision": "latest",
        "destination_service": "nobody.demo.svc.cluster.local",
        "destination_service_name": "nobody",
        "destination_service_namespace": "demo",
    }


def test_endpoints_that_come_and_go_fail_half_of_the_canary(mesh_lab: EmbeddedLab) -> None:
    """A target port is switched: Prometheus has the good half by workload, the bad half only by service."""
    mesh_lab.api.store.create(SERVICE, "demo", manifests.service("flap", {"app": "shop-canary"}))
    mesh_lab.wait_for(lambda: ask(mesh_lab, "flap") == 200, what="the service")
    begun = time.time()
    with mesh_lab.load(40, "flap") as load:
        for number in range(4):
            set_target(mesh_lab, "flap", "web" if number % 2 == 0 else "http")
            mark = time.time()
            load.wait_for(lambda view: len(view.since(mark).records) >= 60)  # noqa: B023
        seen = load.view().since(begun)
    assert seen.statuses()[503] / len(seen.records) == pytest.approx(0.5, abs=0.1)
    key = ("503", "UH", "unknown", "flap")
    mesh_lab.wait_for(lambda: failures(mesh_lab, 'destination_service_name="flap"').get(key, 0) >= seen.statuses()[503])
    good = (
        'istio_requests_total{response_code="200",destination_workload="shop-canary",destination_service_name="flap"}'
    )
    assert mesh_lab.query(good)


def test_a_full_connection_pool_is_an_overflow_of_the_service(mesh_lab: EmbeddedLab) -> None:
    """UO: Envoy refuses before it has chosen an endpoint. The limits may be the host's, a subset's or a port's."""
    mesh_lab.registry.push("demo/slow:v1", latency_ms=400)
    mesh_lab.deploy_app("slow", "demo/slow:v1", replicas=1, topology="subsets")
    limits = {"connectionPool": {"tcp": {"maxConnections": 1}, "http": {"http1MaxPendingRequests": 1}}}

    def narrow(item: Json) -> Json:
        subsets = [{**one, "trafficPolicy": limits} for one in item["spec"]["subsets"]]
        return {**item, "spec": {**item["spec"], "subsets": subsets}}

    mesh_lab.api.store.change(DESTINATION_RULE, "demo", "slow", narrow)
    with mesh_lab.load(20, "slow") as load:
        load.wait_for(lambda view: view.statuses()[503] > 10)
    mesh_lab.wait_for(
        lambda: failures(mesh_lab, 'destination_service_name="slow"').get(("503", "UO", "unknown", "slow"), 0) > 10
    )


def test_a_failing_pod_is_ejected_and_then_nobody_serves(mesh_lab: EmbeddedLab) -> None:
    """Outlier detection: after the app's own errors come 503 UH of an unknown workload."""
    mesh_lab.registry.push("demo/sick:v1", error_ratio=1.0)
    mesh_lab.deploy_app("sick", "demo/sick:v1", replicas=1, wait=False)
    mesh_lab.wait_until_rolled_out("sick")
    outliers = {"consecutive5xxErrors": 3, "interval": "0.5s", "baseEjectionTime": "60s", "maxEjectionPercent": 100}
    spec = {"host": "sick", "trafficPolicy": {"outlierDetection": outliers}}
    mesh_lab.api.store.create(DESTINATION_RULE, "demo", {"metadata": {"name": "sick"}, "spec": spec})
    with mesh_lab.load(40, "sick") as load:
        load.wait_for(lambda view: view.statuses()[500] > 0 and view.statuses()[503] > 10)
    wanted = {("500", "-", "sick", "sick"), ("503", "UH", "unknown", "sick")}
    mesh_lab.wait_for(lambda: set(failures(mesh_lab, 'destination_service_name="sick"')) == wanted, what=f"{wanted}")


def test_two_subsets_without_endpoints_share_the_service(mesh_lab: EmbeddedLab) -> None:
    """No label tells which arm an unattributed failure was meant for."""
    mesh_lab.deploy_app("pair", "demo/shop:v1", replicas=1, topology="subsets")

    def all_to_canary(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], (0, 100), strict=True):
            entry["weight"] = weight
        return item

    mesh_lab.api.store.change(VIRTUAL_SERVICE, "demo", "pair", all_to_canary)
    mesh_lab.wait_for(lambda: ask(mesh_lab, "pair") == 503, what="the subset without pods")
    mesh_lab.wait_for(
        lambda: set(failures(mesh_lab, 'destination_service_name="pair"')) == {("503", "UH", "unknown", "pair")}
    )


def test_a_pod_without_the_named_port_is_left_out_and_the_others_serve(mesh_lab: EmbeddedLab) -> None:
    """Kubernetes lists only pods that have the name of the target port."""
    mesh_lab.deploy_app("mixed", "demo/shop:v1", replicas=1)
    odd = manifests.deployment("odd", "demo/shop:v2", 1, {"app": "mixed", "odd": "yes"})
    odd["spec"]["template"]["spec"]["containers"][0]["ports"][0]["name"] = "web"
    mesh_lab.api.store.create(DEPLOYMENT, "demo", odd)
    mesh_lab.wait_until_rolled_out("odd")
    with mesh_lab.load(40, "mixed") as load:
        seen = load.wait_for(lambda view: len(view.records) >= 40)
    assert (set(seen.versions()), seen.failed()) == ({"v1"}, 0)
