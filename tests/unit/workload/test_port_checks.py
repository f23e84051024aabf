"""Every route ends at a port that a container has, in both arms, before anything changes."""

from __future__ import annotations

from typing import Any

import pytest

from steps.errors import PermanentError
from steps.model.ports import RoutePorts
from steps.workload.port_checks import check_kind, check_ports, protocol
from steps.workload.service_ports import ServiceBackend, needed_ports
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster
from tests.support.kubernetes_api.kinds import SERVICE
from tests.support.shop_release import NAMESPACE, release

Json = dict[str, Any]
NAMED = (RoutePorts("route primary", 80, 80),)
UNNAMED = (RoutePorts("route primary", None, None),)


def port(number: int = 80, target: int | str | None = 8080, name: str = "http", **more: object) -> Json:
    """Return an entry of spec.ports."""
    return {"port": number, "name": name, **({"targetPort": target} if target is not None else {}), **more}


def declares(*ports: Json, sidecar: tuple[Json, ...] = (), init: tuple[Json, ...] = ()) -> Json:
    """Return a pod template whose containers declare these ports."""
    containers = [
        {"name": "app", "ports": list(ports)},
        *([{"name": "proxy", "ports": list(sidecar)}] if sidecar else []),
    ]
    started = [{"name": "started", "restartPolicy": "Always", "ports": list(init)}] if init else []
    return {"spec": {"containers": containers, "initContainers": [{"name": "once"}, *started]}}


HTTP: Json = {"name": "http", "containerPort": 8080}
APP = declares(HTTP)


def side(name: str, *ports: Json, template: Json = APP, **spec: object) -> ServiceBackend:
    """Return an arm: its Service, and its pods."""
    service = {"metadata": {"name": name, "namespace": "shop"}, "spec": {"ports": list(ports) or [port()], **spec}}
    return ServiceBackend(name, service, template)


def checked(
    canary: ServiceBackend,
    routes: tuple[RoutePorts, ...] = NAMED,
    stable: ServiceBackend | None = None,
    more: tuple[ServiceBackend, ...] = (),
) -> list[str]:
    """Return the warnings."""
    return check_ports(routes, stable or side("shop"), canary, more)


def refused(
    canary: ServiceBackend, routes: tuple[RoutePorts, ...] = NAMED, stable: ServiceBackend | None = None
) -> str:
    """Return the sentence of a refusal, which has exit code 4."""
    with pytest.raises(PermanentError) as caught:
        checked(canary, routes, stable)
    assert (
        caught.value.action == "comparing the ports of the routes with Service shop/shop and Service shop/shop-canary"
    )
    return caught.value.cause


@pytest.mark.parametrize(
    "canary",
    [
        side("shop-canary"),
        side("shop-canary", port(target="http")),
        side("shop-canary", port(80, None), template=declares({"containerPort": 80})),
        side("shop-canary", port(target=8080), template=declares()),
        side("shop-canary", port(target="http"), template=declares(sidecar=(HTTP,))),
        side("shop-canary", port(target="http"), template=declares(init=(HTTP,))),
        side("shop-canary", port(target="http"), port(9090, "metrics", "metrics")),
        side("shop-canary", port(name="")),
        side("shop-canary", port(name="http-web")),
        side("shop-canary", port(name="web", appProtocol="http")),
    ],
)
def test_a_path_that_ends_at_a_container_is_accepted(canary: ServiceBackend) -> None:
    """By number, by name, by default; in a sidecar too; other ports of the Service do not count."""
    assert [] == checked(canary)


def test_a_target_port_that_no_container_names_is_refused() -> None:
    """Kubernetes gives such a Service no endpoint, so users get 503."""
    said = refused(side("shop-canary", port(target="web")))
    assert (
        "Port 80 (http) of Service shop/shop-canary has targetPort web, but no container of Deployment "
        "shop-canary has a port so named; they have http 8080 in container app. Its requests would get 503. Correct "
        "the Service's targetPort, or rename the container's port."
    ) == said


@pytest.mark.parametrize(
    "template",
    [
        declares(),
        declares({"containerPort": 8080}),
        declares({"name": "web", "containerPort": 8080}),
        declares({"name": "http", "containerPort": 8080, "protocol": "UDP"}),
    ],
)
def test_a_name_that_the_new_template_lacks_is_refused(template: Json) -> None:
    """The Service is right for stable; a template patch renamed the port, removed it, or made it UDP."""
    named = side("shop", port(target="http"))
    assert "targetPort http, but no container" in refused(
        side("shop-canary", port(target="http"), template=template), stable=named
    )


def test_a_name_that_the_baseline_lacks_is_refused() -> None:
    """It has stable's template and stands behind the canary's Service."""
    canary = side("shop-canary", port(target="web"), template=declares({"name": "web", "containerPort": 8080}))
    baseline = ServiceBackend("shop-baseline", canary.service, APP)
    assert [] == checked(canary)
    with pytest.raises(PermanentError, match="no container of Deployment shop-baseline has a port so named"):
        checked(canary, more=(baseline,))


def test_a_port_that_the_canarys_service_lacks_is_refused() -> None:
    """The mesh uses the route's number."""
    assert (
        "route primary sends requests to port 80 of Service shop/shop-canary, which has 8080 (http), 9090 (metrics): "
        "they would get 503. Correct destination.port.number, or add the port to the Service."
    ) == refused(side("shop-canary", port(8080), port(9090, name="metrics")))


def test_a_port_that_stables_service_lacks_is_refused() -> None:
    """Its users would already get 503."""
    assert "to port 80 of Service shop/shop, which has 8080 (http)" in refused(
        side("shop-canary"), stable=side("shop", port(8080))
    )


def test_a_service_without_a_port_is_refused() -> None:
    """UDP does not count for HTTP requests."""
    assert "Service shop/shop-canary has no TCP port" in refused(side("shop-canary", port(protocol="UDP")))


def test_single_ports_may_differ_if_the_route_names_none() -> None:
    """Istio takes a Service's only port, whatever its number."""
    assert [] == checked(side("shop-canary", port(9000)), UNNAMED, side("shop", port(80)))


def test_without_a_named_port_a_service_of_several_must_have_the_ports_of_the_requests() -> None:
    """Istio then takes the port of the request."""
    said = refused(side("shop-canary", port(8080), port(9090, name="http-admin")), UNNAMED)
    assert "route primary names no port, so a request keeps its own: Service shop/shop has port 80" in said
    assert "but Service shop/shop-canary does not" in said
    assert [] == checked(side("shop-canary", port(80), port(9090, name="http-admin")), UNNAMED)


def test_a_port_that_the_match_asks_for_is_the_one() -> None:
    """A route for requests to port 9090 needs that port; other ports are up to other routes."""
    asked = (RoutePorts("route admin", None, None, (9090,)),)
    stable = side("shop", port(80), port(9090, name="http-admin"))
    canary = side("shop-canary", port(80), port(8443, "nosuch", "http-other"))
    assert "has port 9090, but" in refused(canary, asked, stable)
    assert [] == checked(side("shop-canary", port(9090, name="http-admin"), port(81, "nosuch", "x")), asked, stable)


def test_several_ports_of_stable_on_one_of_the_canary_are_reported() -> None:
    """Requests for the admin port would reach the shop on the canary; opaque ports do not concern HTTP routes."""
    several = side("shop", port(80), port(9090, name="http-admin"), port(6379, name="redis"))
    (warning,) = checked(side("shop-canary"), UNNAMED, several)
    assert (
        "Service shop/shop serves ports 80 (http), 9090 (http-admin), and on the canary all their requests go"
        in warning
    )
    assert [] == checked(side("shop-canary"), UNNAMED, side("shop", port(80), port(6379, name="redis")))


PARTLY = port(9090, "metrics", "metrics")


@pytest.mark.parametrize("canary", [side("shop-canary", port(80), PARTLY), side("shop-canary", port(80), port(81))])
def test_a_port_that_serves_nothing_today_is_not_required(canary: ServiceBackend) -> None:
    """No container of stable has it, and no route names it: it is somebody else's mistake."""
    assert [] == checked(canary, UNNAMED, side("shop", port(80), PARTLY))


def test_a_port_that_stable_serves_and_the_canary_would_not_is_refused() -> None:
    """Although no route names it: requests keep their own port."""
    both = declares(HTTP, {"name": "metrics", "containerPort": 9090})
    stable = side("shop", port(80), PARTLY, template=both)
    assert "targetPort metrics, but no container of Deployment shop-canary" in refused(
        side("shop-canary", port(80), PARTLY), UNNAMED, stable
    )


@pytest.mark.parametrize(
    ("canary", "stable", "count"),
    [
        (side("shop-canary", port(target=9999)), side("shop"), 1),
        (side("shop-canary", port(target=9999)), side("shop", port(target=9999)), 0),
        (side("shop-canary", port(target=9999), template=declares()), side("shop"), 0),
        (side("shop-canary", template=declares({"containerPort": 9000})), side("shop"), 1),
        (side("shop-canary", port(target=None)), side("shop", port(target="http")), 1),
    ],
)
def test_an_undeclared_number_causes_a_warning_if_stable_declares_its_own(
    canary: ServiceBackend, stable: ServiceBackend, count: int
) -> None:
    """It is legal in Kubernetes, so this is a warning."""
    warnings = checked(canary, stable=stable)
    assert count == len(warnings)
    assert all("which no container of Deployment shop-canary declares" in one for one in warnings)


@pytest.mark.parametrize(
    ("stable", "canary", "is_refused"),
    [
        ("http", "tcp", True),
        ("http-web", "tcp-web", True),
        ("http", "https", True),
        ("http", "grpc", True),
        ("grpc", "http2", False),
        ("http", "grpc-web", False),
        ("tcp", "tcp-x", False),
        ("http", "", False),
        ("web", "tcp", False),
        ("redis", "mysql", False),
    ],
)
def test_ports_that_the_proxies_treat_differently_are_refused(stable: str, canary: str, is_refused: bool) -> None:  # noqa: FBT001 - a parameter
    """HTTP/1, HTTP/2 or opaque; the proxy detects the protocol of a name without a known prefix."""
    arms = side("shop-canary", port(name=canary)), NAMED, side("shop", port(name=stable))
    if is_refused:
        assert "(appProtocol, or the prefix of its name)" in refused(*arms)
    else:
        assert [] == checked(*arms)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"appProtocol": "kubernetes.io/h2c", "name": "tcp"}, "kubernetes.io/h2c"),
        ({"appProtocol": "HTTP", "name": "tcp"}, "http"),
        ({"name": "grpc-web-x"}, "grpc-web"),
        ({"name": "grpc-x"}, "grpc"),
        ({"name": "httpx"}, ""),
        ({}, ""),
    ],
)
def test_the_protocol_of_a_port_is_read_as_istio_reads_it(entry: Json, said: str) -> None:
    """The field appProtocol takes precedence over the name."""
    assert said == protocol(entry)


def test_all_wrong_paths_are_reported_at_once_and_each_once() -> None:
    """Two routes with the same mistake are one sentence."""
    said = refused(side("shop-canary", port(81)), (*NAMED, RoutePorts("route other", 82, 82), *NAMED))
    assert (1, 2) == (said.count("route primary sends"), said.count("route other sends"))


def test_a_service_of_another_clusters_name_is_refused() -> None:
    """An ExternalName has no pods."""
    with pytest.raises(PermanentError, match=r"of type ExternalName and points to shop\.example\.com: it has no pods"):
        check_kind(side("shop-canary", type="ExternalName", externalName="shop.example.com").service)


@pytest.mark.parametrize(
    ("route", "ways"),
    [
        (RoutePorts("", 80, 80), [[80]]),
        (RoutePorts("", None, None), [[80, 90]]),
        (RoutePorts("", None, None, (90,)), [[90]]),
        (RoutePorts("", None, None, (80, 90)), [[80], [90]]),
        (RoutePorts("", 80, 81), []),
    ],
)
def test_the_ports_that_need_an_endpoint_are_those_that_are_reached(route: RoutePorts, ways: list[list[int]]) -> None:
    """Each port that a route or its match names; else one of them."""
    service = side("shop-canary", port(80), port(90, name="b")).service
    assert ways == [[entry["port"] for entry in way] for way in needed_ports((route, route), service)]


def test_the_preflight_follows_the_routes(cluster: FakeCluster, workload: Workload) -> None:
    """Before anything is written, against the objects as they are."""
    spec = {"selector": {"app": "shop-canary"}, "ports": [{"port": 80, "name": "http", "targetPort": "web"}]}
    cluster.store.change(SERVICE, NAMESPACE, "shop-canary", lambda item: {**item, "spec": spec})
    with pytest.raises(PermanentError, match="targetPort web, but no container of Deployment shop-canary"):
        workload.preflight(release(routes=NAMED))
    assert "shop" == workload.preflight(release()).state.stable
