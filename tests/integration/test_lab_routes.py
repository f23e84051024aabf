"""The embedded mesh matches requests as istiod and Envoy do, and refuses what it cannot match."""

from __future__ import annotations

import time

import pytest

from tests.integration.lab_mesh import MATCHED, NUMBERS, OTHER, answering, ask, virtual_service
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.mesh.matches import UnknownFieldError
from tests.support.kubernetes_api.kinds import SERVICE, VIRTUAL_SERVICE, Json

pytestmark = pytest.mark.integration


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
    mesh_lab: EmbeddedLab, match: Json, path: str, headers: dict[str, str], status: int
) -> None:
    """Matches of the request are translated; those that do not concern the gateway are left out."""
    name = f"case-{next(NUMBERS)}"
    item = virtual_service(name, answering(MATCHED, match), answering(OTHER))
    mesh_lab.api.store.create(VIRTUAL_SERVICE, "demo", item)
    mesh_lab.wait_for(lambda: ask(mesh_lab, name) != 404, what="the route")
    assert status == ask(mesh_lab, name, path, **headers)


def test_a_gateway_serves_no_route_for_the_ports_of_the_service(mesh_lab: EmbeddedLab) -> None:
    """Its listener has another port: all its users get 404, and those of the mesh are served."""
    ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9102}]
    for name, gateways in (("trio", ["istio-system/public", "mesh"]), ("trio-mesh", ["mesh"])):
        mesh_lab.api.store.create(SERVICE, "demo", {"metadata": {"name": name}, "spec": {"ports": ports}})
        routes = [answering(MATCHED, {"port": port["port"]}) for port in ports]
        mesh_lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service(name, *routes, gateways=gateways))
    mesh_lab.wait_for(lambda: ask(mesh_lab, "trio-mesh") == MATCHED, what="the route of the mesh")
    assert ask(mesh_lab, "trio") == 404


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ({"sourceIp": "10.0.0.1"}, "does not know the match field 'sourceIp'"),
        ({"uri": {"suffix": "/x"}}, "uri is compared by one of exact, prefix, regex"),
        ({"headers": {"@request.auth.claims.sub": {"exact": "me"}}}, "the lab checks no tokens"),
    ],
)
def test_what_the_lab_cannot_match_is_an_error(mesh_lab: EmbeddedLab, match: Json, says: str) -> None:
    """A test on a silently widened route would prove nothing; the next valid state is published again."""
    mesh_lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service("strange", answering(MATCHED, match)))
    try:
        with pytest.raises(UnknownFieldError, match=says):
            mesh_lab.wait_for(lambda: False, what="never")
    finally:
        mesh_lab.api.store.delete(VIRTUAL_SERVICE, "demo", "strange")
        deadline = time.monotonic() + 5
        while mesh_lab.refused and time.monotonic() < deadline:
            time.sleep(0.02)
    assert not mesh_lab.refused
