"""Promises of the embedded mesh where it is unkind: routes, endpoints, failures before an endpoint, a late istiod."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import requests

from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.mesh.matches import UnknownFieldError
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE

pytestmark = pytest.mark.integration
Json = dict[str, Any]
MATCHED, OTHER = 201, 202
NUMBERS = count(1)
"""For names of which each is used once."""


@pytest.fixture(scope="module")
def lab() -> Iterator[EmbeddedLab]:
    """Return a lab with one pod of `shop` and one of `shop-canary`, at weight 0."""
    with EmbeddedLab() as lab:
        lab.registry.push("demo/shop:v1")
        lab.registry.push("demo/shop:v2")
        lab.deploy_app(replicas=1)
        lab.deploy_canary()
        lab.wait_until_rolled_out("shop-canary")
        yield lab


@pytest.fixture(autouse=True)
def put_back(lab: EmbeddedLab) -> Iterator[None]:
    """Revive the control plane after each test."""
    yield
    lab.control_plane()


def ask(lab: EmbeddedLab, host: str, path: str = "/", **headers: str) -> int:
    """Return the status that one user sees."""
    url = f"{lab.gateway_url}{path}"
    return requests.get(url, headers={"Host": host, **headers}, timeout=5, allow_redirects=False).status_code


def answering(status: int, match: Json | None = None) -> Json:
    """Return a route that the proxy answers itself."""
    return {"directResponse": {"status": status}} | ({"match": [match]} if match else {})


def virtual_service(name: str, *http: Json, **spec: Any) -> Json:
    """Return a VirtualService of the lab's gateway."""
    bound = {"hosts": [name], "gateways": ["istio-system/public", "mesh"], "http": list(http)}
    return {"metadata": {"name": name}, "spec": {**bound, **spec}}


def failures(lab: EmbeddedLab, selector: str) -> dict[tuple[str, str, str, str], float]:
    """Return the failed requests of a selector by code, flags, workload and service."""
    labels = ("response_code", "response_flags", "destination_workload", "destination_service_name")
    found = lab.query(f"sum by ({','.join(labels)}) (istio_requests_total{{response_code!='200',{selector}}})")
    code, flags, workload, service = labels
    return {
        (one["metric"][code], one["metric"][flags], one["metric"][workload], one["metric"][service]):
        float(one["value"][1]) for one in found
    }  # fmt: skip


@pytest.mark.parametrize(
    ("match", "path", "headers", "status"),
    [
        ({"authority": {"prefix": "case"}}, "/", {}, MATCHED),
        ({"authority": {"exact": "another"}}, "/", {}, OTHER),
        ({"withoutHeaders": {"x-beta": {}}}, "/", {}, MATCHED),
        ({"withoutHeaders": {"x-beta": {}}}, "/", {"x-beta": "no"}, OTHER),
        ({"withoutHeaders": {"x-beta": {"exact": "yes"}}}, "/", {"x-beta": "no"}, MATCHED),
        ({"withoutHeaders": {"x-beta": {"exact": "yes"}}}, "/", {}, MATCHED),
        ({"withoutHeaders": {"x-beta": {"exact": "yes"}}}, "/", {"x-beta": "yes"}, OTHER),
        ({"headers": {"x-beta": {"regex": "*"}}}, "/", {"x-beta": "any"}, MATCHED),
        ({"headers": {"x-beta": {"regex": "y.*"}}}, "/", {"x-beta": "no"}, OTHER),
        ({"sourceLabels": {"istio": "ingressgateway"}}, "/", {}, MATCHED),
        ({"sourceLabels": {"app": "web"}}, "/", {}, OTHER),
        ({"sourceNamespace": "istio-system"}, "/", {}, MATCHED),
        ({"sourceNamespace": "demo"}, "/", {}, OTHER),
        ({"gateways": ["istio-system/public"]}, "/", {}, MATCHED),
        ({"gateways": ["istio-system/public"], "sourceLabels": {"app": "web"}}, "/", {}, MATCHED),
        ({"gateways": ["mesh"]}, "/", {}, OTHER),
        ({"gateways": ["public"]}, "/", {}, OTHER),
        ({"port": 80}, "/", {}, MATCHED),
        ({"port": 8080}, "/", {}, OTHER),
        ({"scheme": {"exact": "http"}}, "/", {}, MATCHED),
        ({"scheme": {"exact": "https"}}, "/", {}, OTHER),
        ({"uri": {"prefix": "/Orders"}, "ignoreUriCase": True}, "/orders/1", {}, MATCHED),
        ({"uri": {"prefix": "/Orders"}}, "/orders/1", {}, OTHER),
        ({"queryParams": {"v": {"exact": "2"}}}, "/?v=2", {}, MATCHED),
        ({"queryParams": {"v": {"exact": "2"}}}, "/?v=3", {}, OTHER),
        ({"method": {"exact": "POST"}}, "/", {}, OTHER),
    ],
)  # fmt: skip
def test_a_match_is_what_istiod_makes_of_it(
    lab: EmbeddedLab, match: Json, path: str, headers: dict[str, str], status: int
) -> None:
    """Of the request where it asks about the request, and left out where the gateway is not meant."""
    name = f"case-{next(NUMBERS)}"
    item = virtual_service(name, answering(MATCHED, match), answering(OTHER))
    lab.api.store.create(VIRTUAL_SERVICE, "demo", item)
    lab.wait_for(lambda: ask(lab, name) != 404, what="the route")
    assert status == ask(lab, name, path, **headers)


def test_a_gateway_serves_no_route_for_the_ports_of_the_service(lab: EmbeddedLab) -> None:
    """Its listener has another port: all users get 404, and those of the mesh are served."""
    ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9102}]
    for name, gateways in (("trio", ["istio-system/public", "mesh"]), ("trio-mesh", ["mesh"])):
        lab.api.store.create(SERVICE, "demo", {"metadata": {"name": name}, "spec": {"ports": ports}})
        routes = [answering(MATCHED, {"port": port["port"]}) for port in ports]
        lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service(name, *routes, gateways=gateways))
    lab.wait_for(lambda: ask(lab, "trio-mesh") == MATCHED, what="the route of the mesh")
    assert ask(lab, "trio") == 404


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ({"sourceIp": "10.0.0.1"}, "does not know the match field 'sourceIp'"),
        ({"uri": {"suffix": "/x"}}, "uri is compared by one of exact, prefix, regex"),
        ({"headers": {"@request.auth.claims.sub": {"exact": "me"}}}, "the lab checks no tokens"),
    ],
)
def test_what_the_lab_cannot_match_is_an_error(lab: EmbeddedLab, match: Json, says: str) -> None:
    """A test on a route that was silently widened would prove nothing; the next good state is published again."""
    lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service("strange", answering(MATCHED, match)))
    try:
        with pytest.raises(UnknownFieldError, match=says):
            lab.wait_for(lambda: False, what="never")
    finally:
        lab.api.store.delete(VIRTUAL_SERVICE, "demo", "strange")
        deadline = time.monotonic() + 5
        while lab.refused and time.monotonic() < deadline:
            time.sleep(0.02)
    assert not lab.refused


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
    lab: EmbeddedLab, port: Json, destination: Json, code: int, flags: str, workload: str, service: str
) -> None:  # fmt: skip
    """No endpoint, a refused connection or no cluster; and Prometheus names what Envoy knew of it."""
    name = f"port-{next(NUMBERS)}"
    ports = [{"name": "http", **port}]
    spec = {"selector": {"app": "shop-canary"}, "ports": ports}
    lab.api.store.create(SERVICE, "demo", {"metadata": {"name": name}, "spec": spec})
    route = {"route": [{"destination": {"host": name, **destination}}]}
    lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service(name, route))
    lab.wait_for(lambda: ask(lab, name) != 404, what="the route")
    assert code == ask(lab, name)
    service = service.format(name=name)
    seen = f'response_code="{code}",response_flags="{flags}",destination_workload="{workload}"'
    lab.wait_for(lambda: lab.query(f'istio_requests_total{{{seen},destination_service_name="{service}"}}'), what=seen)


def test_of_a_failure_without_an_endpoint_only_the_service_is_known(lab: EmbeddedLab) -> None:
    """All that Istio takes from the endpoint is unknown; the service comes from Envoy's cluster."""
    lab.api.store.create(SERVICE, "demo", manifests.service("nobody", {"app": "nobody"}))
    lab.wait_for(lambda: ask(lab, "nobody") == 503, what="the service")
    series = 'istio_requests_total{destination_service_name="nobody"}'
    lab.wait_for(lambda: lab.query(series), what=series)
    [found] = lab.query(series)
    of_destination = {name: value for name, value in found["metric"].items() if name.startswith("destination_")}
    identity = ("workload", "workload_namespace", "app", "version", "canonical_service", "principal", "cluster")
    assert of_destination == {f"destination_{name}": "unknown" for name in identity} | {
        "destination_canonical_revision": "latest",
        "destination_service": "nobody.demo.svc.cluster.local",
        "destination_service_name": "nobody",
        "destination_service_namespace": "demo",
    }


def test_endpoints_that_come_and_go_fail_half_of_the_canary(lab: EmbeddedLab) -> None:
    """A target port that is switched: Prometheus has the good half by workload, the bad half by service alone."""
    lab.api.store.create(SERVICE, "demo", manifests.service("flap", {"app": "shop-canary"}))
    lab.wait_for(lambda: ask(lab, "flap") == 200, what="the service")
    begun = time.time()
    with lab.load(40, "flap") as load:
        for number in range(4):
            set_target(lab, "flap", "web" if number % 2 == 0 else "http")
            mark = time.time()
            load.wait_for(lambda view: len(view.since(mark).records) >= 60)  # noqa: B023
        seen = load.view().since(begun)
    assert seen.statuses()[503] / len(seen.records) == pytest.approx(0.5, abs=0.1)
    key = ("503", "UH", "unknown", "flap")
    lab.wait_for(lambda: failures(lab, 'destination_service_name="flap"').get(key, 0) >= seen.statuses()[503])
    good = (
        'istio_requests_total{response_code="200",destination_workload="shop-canary",destination_service_name="flap"}'
    )
    assert lab.query(good)


def set_target(lab: EmbeddedLab, name: str, target: str) -> None:
    """Change the target port of a Service."""

    def change(item: Json) -> Json:
        ports = [{**item["spec"]["ports"][0], "targetPort": target}]
        return {**item, "spec": {**item["spec"], "ports": ports}}

    lab.api.store.change(SERVICE, "demo", name, change)


def test_a_full_connection_pool_is_an_overflow_of_the_service(lab: EmbeddedLab) -> None:
    """UO: Envoy refuses before it has chosen an endpoint. The limits may be the host's, a subset's or a port's."""
    lab.registry.push("demo/slow:v1", latency_ms=400)
    lab.deploy_app("slow", "demo/slow:v1", replicas=1, topology="subsets")
    limits = {"connectionPool": {"tcp": {"maxConnections": 1}, "http": {"http1MaxPendingRequests": 1}}}

    def narrow(item: Json) -> Json:
        subsets = [{**one, "trafficPolicy": limits} for one in item["spec"]["subsets"]]
        return {**item, "spec": {**item["spec"], "subsets": subsets}}

    lab.api.store.change(DESTINATION_RULE, "demo", "slow", narrow)
    with lab.load(20, "slow") as load:
        load.wait_for(lambda view: view.statuses()[503] > 10)
    lab.wait_for(lambda: failures(lab, 'destination_service_name="slow"').get(("503", "UO", "unknown", "slow"), 0) > 10)


def test_a_failing_pod_is_ejected_and_then_nobody_serves(lab: EmbeddedLab) -> None:
    """Outlier detection: after the app's own errors come 503 UH of an unknown workload."""
    lab.registry.push("demo/sick:v1", error_ratio=1.0)
    lab.deploy_app("sick", "demo/sick:v1", replicas=1, wait=False)
    lab.wait_until_rolled_out("sick")
    outliers = {"consecutive5xxErrors": 3, "interval": "0.5s", "baseEjectionTime": "60s", "maxEjectionPercent": 100}
    spec = {"host": "sick", "trafficPolicy": {"outlierDetection": outliers}}
    lab.api.store.create(DESTINATION_RULE, "demo", {"metadata": {"name": "sick"}, "spec": spec})
    with lab.load(40, "sick") as load:
        load.wait_for(lambda view: view.statuses()[500] > 0 and view.statuses()[503] > 10)
    wanted = {("500", "-", "sick", "sick"), ("503", "UH", "unknown", "sick")}
    lab.wait_for(lambda: set(failures(lab, 'destination_service_name="sick"')) == wanted, what=f"{wanted}")


def test_two_subsets_without_endpoints_share_the_service(lab: EmbeddedLab) -> None:
    """No label tells which arm an unattributed failure was meant for."""
    lab.deploy_app("pair", "demo/shop:v1", replicas=1, topology="subsets")

    def all_to_canary(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], (0, 100), strict=True):
            entry["weight"] = weight
        return item

    lab.api.store.change(VIRTUAL_SERVICE, "demo", "pair", all_to_canary)
    lab.wait_for(lambda: ask(lab, "pair") == 503, what="the subset without pods")
    lab.wait_for(lambda: set(failures(lab, 'destination_service_name="pair"')) == {("503", "UH", "unknown", "pair")})


def test_a_late_control_plane_keeps_the_old_state_for_as_long_as_set(lab: EmbeddedLab) -> None:
    """The change arrives in the end, at once where the delay is over."""
    lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service("tardy", answering(MATCHED)))
    lab.wait_for(lambda: ask(lab, "tardy") == MATCHED, what="the route")
    lab.control_plane(delay_seconds=2.0)
    changed = time.monotonic()
    lab.api.store.change(VIRTUAL_SERVICE, "demo", "tardy", lambda _: virtual_service("tardy", answering(OTHER)))
    lab.wait_for(lambda: ask(lab, "tardy") == OTHER, what="the change")
    assert time.monotonic() - changed >= 1.9


def test_a_dead_control_plane_changes_nothing_until_it_is_revived(lab: EmbeddedLab) -> None:
    """Neither routes nor endpoints, not even what was under way when it died; then all of it at once."""
    lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service("orphan", answering(MATCHED)))
    lab.wait_for(lambda: ask(lab, "orphan") == MATCHED, what="the route")
    lab.control_plane(delay_seconds=0.3)
    lab.api.store.change(VIRTUAL_SERVICE, "demo", "orphan", lambda _: virtual_service("orphan", answering(OTHER)))
    lab.control_plane(alive=False)
    lab.api.store.create(SERVICE, "demo", manifests.service("unheard", {"app": "shop"}))
    with lab.load(20, "orphan") as load:
        seen = load.wait_for(lambda view: len(view.records) >= 20)
    assert set(seen.statuses()) == {MATCHED}
    assert ask(lab, "unheard") == 404
    lab.control_plane()
    lab.wait_for(lambda: (ask(lab, "orphan"), ask(lab, "unheard")) == (OTHER, 200), what="what was missed")


def test_a_pod_without_the_named_port_is_left_out_and_the_others_serve(lab: EmbeddedLab) -> None:
    """Kubernetes lists only pods that have the name of the target port."""
    lab.deploy_app("mixed", "demo/shop:v1", replicas=1)
    odd = manifests.deployment("odd", "demo/shop:v2", 1, {"app": "mixed", "odd": "yes"})
    odd["spec"]["template"]["spec"]["containers"][0]["ports"][0]["name"] = "web"
    lab.api.store.create(DEPLOYMENT, "demo", odd)
    lab.wait_until_rolled_out("odd")
    with lab.load(40, "mixed") as load:
        seen = load.wait_for(lambda view: len(view.records) >= 40)
    assert (set(seen.versions()), seen.failed()) == ({"v1"}, 0)
