"""A new VirtualService: requests for every port go where they went, in the mesh and at a gateway."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from steps import init
from steps.errors import PermanentError
from tests.support.field_objects import deployment, route, service, to, virtual_service
from tests.support.mesh_routes import way
from tests.unit.init.conftest import Made

GATEWAY = "istio-system/public"


def port(number: int, name: str = "", **more: str) -> dict[str, Any]:
    """Return a port of a Service."""
    return {"port": number, **({"name": name} if name else {}), **more}


@pytest.mark.parametrize(
    ("ports", "split"),
    [
        ([port(8080, "http"), port(9102, "http-metrics")], [8080, 9102]),
        ([port(80, "web"), port(9000, "admin")], [80]),
        ([port(80, "http"), port(9000, "admin"), port(443, "https"), port(6379, "redis")], [80]),
        ([port(443, "tls"), port(7000, "x", appProtocol="kubernetes.io/h2c")], [7000]),
        ([port(443, "https"), port(9090, "grpc-web-api"), port(50, "HTTP2-a")], [9090, 50]),
        ([port(3306, "db"), port(8080, "web"), port(90, "tcp-http")], [8080]),
        ([port(53, "http", protocol="UDP"), port(80, "http-a"), port(81, "x", appProtocol="GRPC")], [80, 81]),
    ],
)
def test_in_the_mesh_each_http_port_has_its_own_route_and_the_others_have_none(
    cluster_of: Made, ports: list[dict[str, Any]], split: list[int]
) -> None:
    """Names and appProtocol count as Istio reads them; a port without a route keeps its Service."""
    cluster = cluster_of(service("trio", *ports), deployment("trio"))
    before = {one["port"]: way(cluster.survey(), "trio", one["port"]) for one in ports}
    found = cluster.printed("trio")["VirtualService trio"]["spec"]["http"]
    cluster.apply(cluster.init("trio"))

    assert split == [one["match"][0]["port"] for one in found]
    assert split == [entry["destination"]["port"]["number"] for one in found for entry in one["route"][:1]]
    assert before == {one["port"]: way(cluster.survey(), "trio", one["port"]) for one in ports}


def test_a_gateways_requests_have_a_route_whatever_port_it_listens_on(cluster_of: Made) -> None:
    """A match's port is the listener's, which is 80 or 443 there; `mesh` is not printed twice."""
    ports = [port(8080, "http"), port(9102, "http-metrics"), port(8443, "tls")]
    cluster = cluster_of(service("trio", *ports), deployment("trio"))
    flags = {"gateway": f"mesh,{GATEWAY}", "host": "trio.example"}
    spec = cluster.printed("trio", **flags)["VirtualService trio"]["spec"]
    cluster.apply(cluster.init("trio", **flags))

    assert (["mesh", GATEWAY], ["trio", "trio.example"]) == (spec["gateways"], spec["hosts"])
    for listener in (80, 443, 9102):
        assert (("trio",), 8080) == way(cluster.survey(), "trio.example", listener, GATEWAY)
    for number in (8080, 9102, 8443):
        assert (("trio",), number) == way(cluster.survey(), "trio", number)


def test_a_service_with_one_port_needs_no_match(cluster_of: Made) -> None:
    """The one route serves mesh and gateway alike."""
    flags = {"gateway": GATEWAY, "host": "web.example"}
    (found,) = cluster_of(service("web"), deployment("web")).printed("web", **flags)["VirtualService web"]["spec"][
        "http"
    ]
    assert {"name": "release", "route": [to("web", weight=100), to("web-canary", weight=0)]} == found


@pytest.mark.parametrize("ports", [[port(443, "https")], [port(6379, "redis")], [port(53, "x", protocol="UDP")]])
def test_a_service_without_http_is_refused(cluster_of: Made, ports: list[dict[str, Any]]) -> None:
    """With what to write if it carries HTTP."""
    with pytest.raises(PermanentError, match="appProtocol: http"):
        cluster_of(service("db", *ports), deployment("db")).init("db")


def test_any_host_belongs_to_the_gateway_alone(cluster_of: Made) -> None:
    """Istio refuses `*` for the mesh, so the gateway gets a VirtualService of its own, which is released too."""
    cluster = cluster_of(service("web"), deployment("web"))
    found = cluster.printed("web", host="*,*.example", gateway=GATEWAY)

    assert ["web"] == found["VirtualService web"]["spec"]["hosts"]
    gateway = found["VirtualService web-gateway"]["spec"]
    assert (["*", "*.example"], [GATEWAY]) == (gateway["hosts"], gateway["gateways"])
    assert "web,web-gateway" in found["ConfigMap canary-steps-web"]["data"]["canary.yaml"]
    with pytest.raises(PermanentError, match="--gateway"):
        cluster.init("web", host="*")


@pytest.mark.parametrize("host", ["*", "*.example", "*.shop.example.org", "shop.example.org"])
def test_hosts_are_accepted_as_istio_does(host: str) -> None:
    """A name, all names, or all names of a domain."""
    assert (host,) == init.Settings.model_validate({"app": "web", "host": host}).host


@pytest.mark.parametrize("host", ["*.", "*example", "a.*.example", "Shop", "**"])
def test_other_hosts_are_refused(host: str) -> None:
    """Before anything is printed."""
    with pytest.raises(ValidationError):
        init.Settings.model_validate({"app": "web", "host": host})


def test_a_host_that_is_served_already_gets_no_second_virtual_service(cluster_of: Made) -> None:
    """Istio would ignore one of the two."""
    other = virtual_service("edge", route(to("elsewhere.example")), hosts=["web"])
    text = cluster_of(service("web"), deployment("web"), other).init("web")
    assert "name: web\n" not in text.partition("kind: VirtualService")[2]
    assert "--virtual-service field/edge" in text
