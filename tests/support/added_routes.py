"""Routes that people add while a run is under way, each of which leads requests to its canary."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.support.kubernetes_api.kinds import SERVICE, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

CANARY = f"{APP}-canary"
OTHER = "elsewhere"


def edit(world: SteppedCluster, change: Callable[[Json], None], name: str = APP) -> None:
    """Change the spec of a VirtualService, as a person does."""

    def changed(item: Json) -> Json:
        copy = deepcopy(item)
        change(copy["spec"])
        return copy

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, name, changed, manager="kubectl-edit")


def to(host: str, weight: int | None = None, **more: Any) -> Json:
    """Return one destination of a route."""
    return {"destination": {"host": host, **more}, **({} if weight is None else {"weight": weight})}


def add_testers_route(world: SteppedCluster) -> None:
    """Lead users with a header to the canary."""
    match = [{"headers": {"x-beta": {"exact": "yes"}}}]
    edit(world, lambda spec: spec["http"].insert(0, {"name": "beta", "match": match, "route": [to(CANARY)]}))


def add_mirror(world: SteppedCluster) -> None:
    """Send copies of a tenth of the requests to the canary."""
    mirror: Json = {"mirror": {"host": CANARY}, "mirrorPercentage": {"value": 10.0}}
    edit(world, lambda spec: spec["http"].append({"name": "copy", "route": [to(APP)], **mirror}))


def add_tcp_route(world: SteppedCluster) -> None:
    """Lead connections to the canary."""
    edit(world, lambda spec: spec.update(tcp=[{"route": [to(CANARY)]}]))


def add_tls_route(world: SteppedCluster) -> None:
    """Lead connections by their server name to the canary."""
    edit(world, lambda spec: spec.update(tls=[{"match": [{"sniHosts": ["shop"]}], "route": [to(CANARY)]}]))


def add_second_virtual_service(world: SteppedCluster) -> None:
    """Split another host's requests between both arms."""
    spec: Json = {"hosts": ["shop.example.org"], "http": [{"route": [to(APP, 40), to(CANARY, 60)]}]}
    world.create(VIRTUAL_SERVICE, {"metadata": {"name": "public"}, "spec": spec})


def add_delegate(world: SteppedCluster) -> None:
    """Lead requests to the canary by a VirtualService without hosts."""
    world.create(VIRTUAL_SERVICE, {"metadata": {"name": "part"}, "spec": {"http": [{"route": [to(CANARY)]}]}})


def add_route_of_another_namespace(world: SteppedCluster) -> None:
    """Lead requests to the canary by its full name."""
    host = f"{CANARY.upper()}.{NAMESPACE}.svc.cluster.local"
    spec: Json = {"hosts": ["beta.example.org"], "http": [{"route": [to(host)]}]}
    world.store.create(VIRTUAL_SERVICE, OTHER, {"metadata": {"name": "beta"}, "spec": spec})


def add_route_by_another_service(world: SteppedCluster) -> None:
    """Lead requests to a Service of another name with the canary's pods behind it."""
    selector = {"selector": {"app": CANARY}, "ports": [{"port": 80, "name": "http"}]}
    world.create(SERVICE, {"metadata": {"name": "beta"}, "spec": selector})
    edit(world, lambda spec: spec["http"].append({"name": "beta", "route": [to("beta")]}))


def remove_added(world: SteppedCluster) -> None:
    """Put every VirtualService back as it was, but for the released route."""

    def only_primary(spec: Json) -> None:
        spec["http"] = [one for one in spec["http"] if one.get("name") == "primary"]
        for kind in ("tcp", "tls"):
            spec.pop(kind, None)

    edit(world, only_primary)
    for namespace, name in ((NAMESPACE, "public"), (NAMESPACE, "part"), (OTHER, "beta")):
        if world.store.find(VIRTUAL_SERVICE, namespace, name) is not None:
            world.store.delete(VIRTUAL_SERVICE, namespace, name)
