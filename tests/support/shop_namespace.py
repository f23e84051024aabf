"""A namespace `shop` on the stand-in API, whose VirtualService has every field that Istio knows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from steps.cluster.api import Cluster
from steps.cluster.connection import ApiResponse, Connection
from steps.cluster.dry_run import DryRunCluster
from steps.model.run import CLAIMED_LABEL, Claim, Destination, ObjectName, Record, RouteTarget
from steps.traffic import Traffic
from tests.support.killed_process import Killed
from tests.support.kubernetes_api import StandInApi
from tests.support.kubernetes_api.kinds import DESTINATION_RULE, EVENT, VIRTUAL_SERVICE

Json = dict[str, Any]

STABLE = Destination("shop")
CANARY = Destination("shop-canary")
SHOP = ObjectName("shop", "shop")
LAST = "canary-steps.io/last.shop"
TOKEN = "canary-steps.io/claim.shop"
MEMORY = "canary-steps.io/run.shop"
APPROVE = "canary-steps.io/approve.shop"


class LimitedConnection(Connection):
    """A connection of a process that is killed before it sends more than `lives` requests."""

    lives = 1_000_000

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None, doing: str = ""
    ) -> ApiResponse:
        """Send the request, or die."""
        if self.lives <= 0:
            raise Killed
        self.lives -= 1
        return super().request(method, path, query, body, doing)


class ShopNamespace:
    """The namespace.

    Args:
        api: the stand-in.
        folder: for the kubeconfig.
    """

    def __init__(self, api: StandInApi, folder: Path) -> None:
        self.api = api
        self._kubeconfig = str(api.write_kubeconfig(folder / "kubeconfig", "shop"))

    def cluster(self, retry_seconds: float = 2.0) -> Cluster:
        """Return a connected cluster."""
        return Cluster(Connection(self._kubeconfig, retry_seconds=retry_seconds))

    def connection(self) -> LimitedConnection:
        """Return a connection that can be killed."""
        return LimitedConnection(self._kubeconfig, retry_seconds=2.0)

    def rehearsal(self) -> DryRunCluster:
        """Return a connected rehearsal."""
        return DryRunCluster(Connection(self._kubeconfig))

    def traffic(self, retry_seconds: float = 2.0) -> Traffic:
        """Return the front class, as one process has it."""
        return Traffic(self.cluster(), retry_seconds)

    def doomed(self, requests: int) -> Traffic:
        """Return the front class of a process that is killed after this many requests."""
        connection = self.connection()
        connection.lives = requests
        return Traffic(Cluster(connection), 2.0)

    def add(self, name: str = "shop", spec: Json | None = None, **metadata: Any) -> Json:
        """Store a VirtualService, as kubectl would."""
        body = {"metadata": {"name": name, **metadata}, "spec": spec or rich_spec()}
        return self.api.store.create(VIRTUAL_SERVICE, "shop", body, manager="kubectl-create")

    def add_rule(self, host: str, *subsets: str) -> None:
        """Store a DestinationRule."""
        spec = {"host": host, "subsets": [{"name": name, "labels": {"version": name}} for name in subsets]}
        self.api.store.create(DESTINATION_RULE, "shop", {"metadata": {"name": "rule"}, "spec": spec})

    def get(self, name: str = "shop") -> Json:
        """Return a VirtualService as stored."""
        found = self.api.store.find(VIRTUAL_SERVICE, "shop", name)
        assert found is not None
        return found

    def annotations(self, name: str = "shop") -> dict[str, str]:
        """Return its annotations."""
        return dict(self.get(name)["metadata"].get("annotations") or {})

    def is_marked(self, name: str = "shop") -> bool:
        """Return whether it has the label."""
        return CLAIMED_LABEL in (self.get(name)["metadata"].get("labels") or {})

    def edit(self, change: Callable[[Json], object], name: str = "shop", manager: str = "kubectl-edit") -> None:
        """Change a VirtualService as somebody else."""

        def changed(obj: Json) -> Json:
            change(obj)
            return obj

        self.api.store.change(VIRTUAL_SERVICE, "shop", name, changed, manager=manager)

    def remove(self, name: str) -> None:
        """Delete a VirtualService."""
        self.api.store.delete(VIRTUAL_SERVICE, "shop", name)

    def weights(self, name: str = "shop") -> list[list[int | None]]:
        """Return the weights of all HTTP routes as stored."""
        return [[entry.get("weight") for entry in body.get("route", [])] for body in self.get(name)["spec"]["http"]]

    def events(self) -> list[str]:
        """Return the reasons of all Events, in order of time."""
        events = self.api.store.list(EVENT, "shop")
        return [event["reason"] for event in sorted(events, key=lambda one: int(one["metadata"]["resourceVersion"]))]

    def later(self, seconds: float) -> None:
        """Advance the server's clock."""
        self.api.store.clock_offset_seconds += seconds

    def claim(self, run: str = "r1", *names: str, traffic: Traffic | None = None) -> Claim:
        """Resolve and take."""
        traffic = traffic or self.traffic()
        wanted = [RouteTarget(ObjectName("shop", name), ()) for name in names or ("shop",)]
        targets = traffic.resolve(wanted, STABLE, CANARY)
        return traffic.take("shop", run, targets, STABLE, CANARY, by="ann")


def rich_spec() -> Json:
    """Return a VirtualService's spec with every field that the steps must not touch."""
    return {
        "hosts": ["shop"],
        "gateways": ["mesh"],
        "exportTo": ["."],
        "http": [
            {
                "name": "main",
                "match": [{"uri": {"prefix": "/"}, "headers": {"x-tier": {"exact": "gold"}}}],
                "timeout": "3s",
                "retries": {"attempts": 3, "perTryTimeout": "1s", "retryOn": "5xx"},
                "fault": {"delay": {"percentage": {"value": 0.1}, "fixedDelay": "5s"}},
                "mirror": {"host": "shadow"},
                "mirrorPercentage": {"value": 12.5},
                "corsPolicy": {"allowOrigins": [{"exact": "https://example.com"}], "maxAge": "24h"},
                "headers": {"request": {"set": {"x-a": "1"}}},
                "unknownField": {"deep": [1, {"er": None}]},
                "route": [
                    {"destination": {"host": "shop"}, "weight": 100, "headers": {"response": {"remove": ["x"]}}},
                    {"destination": {"host": "shop-canary.shop.svc.cluster.local", "port": {"number": 80}}},
                ],
            },
            {"name": "stable-only", "route": [{"destination": {"host": "shop"}}]},
            two_arms("api", canary=0),
        ],
        "tcp": [{"match": [{"port": 3306}], "route": [{"destination": {"host": "db"}}]}],
        "tls": [{"match": [{"port": 443, "sniHosts": ["a"]}], "route": [{"destination": {"host": "tls"}}]}],
    }


def two_arms(name: str = "", canary: int | None = 0, hosts: tuple[str, str] = ("shop", "shop-canary")) -> Json:
    """Return an HTTP route with both arms."""
    route: list[Json] = [{"destination": {"host": hosts[0]}}, {"destination": {"host": hosts[1]}}]
    if canary is not None:
        route[0]["weight"], route[1]["weight"] = 100 - canary, canary
    return {**({"name": name} if name else {}), "route": route}


def plain_spec(*routes: Json) -> Json:
    """Return a spec with these routes, by default one unnamed with both arms."""
    return {"hosts": ["shop"], "http": list(routes) or [two_arms()]}


def without_weights(obj: Json) -> Json:
    """Return the spec of an object without any weight."""
    spec: Json = copy.deepcopy(obj["spec"])
    for body in spec["http"]:
        for entry in body.get("route", []):
            entry.pop("weight", None)
    return spec


def record_of(claim: Claim, outcome: str = "rolled-back", reason: str = "why") -> Record:
    """Return what a step would leave behind."""
    return Record(claim.run, claim.epoch, outcome, reason, claim.state.started, claim.state.started + 60)
