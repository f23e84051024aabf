"""The clusters of the schedules: which apps there are, and which objects they share."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.schedules.virtual_time import CLOCK
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.kubernetes_api.kinds import NAMESPACE as NAMESPACE_KIND
from tests.support.manifests import virtual_service
from tests.support.shop_release import NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

BYSTANDERS = ((NAMESPACE, "billing"), ("kube-system", "coredns"))
"""Deployments that no release has to do with."""


@dataclass(frozen=True, slots=True)
class App:
    """An application as its pipeline names it.

    Args:
        name: of the app.
        routed: names of its VirtualServices.
        stable: name of its serving Deployment, and of its Service.
        route: name of its route, "" for the only one.
        other: name of the Deployment that takes turns with the serving one, "" where prepare makes the canary.
    """

    name: str
    routed: tuple[str, ...]
    stable: str
    route: str = ""
    other: str = ""

    @property
    def canary(self) -> str:
        """The Deployment under test, and its Service."""
        return self.other or f"{self.stable}-canary"

    @property
    def turned(self) -> App:
        """The app as it is released after a swap."""
        return replace(self, stable=self.other, other=self.stable)

    @property
    def settings(self) -> Json:
        """The settings that every step of this app gets."""
        given: Json = {"app": self.name, "virtual_service": ",".join(self.routed), "stable": self.stable}
        given |= {"canary": self.canary, **({"route": self.route} if self.route else {})}
        return given | ({"topology": "swap"} if self.other else {})


TOPOLOGIES: Mapping[str, tuple[App, ...]] = {
    "one": (App("shop", ("shop",), "shop"),),
    "both": (App("shop", ("shop", "shop-internal"), "shop"),),
    "beside": (App("shop", ("shop",), "shop", "shop"), App("cart", ("shop",), "cart", "cart")),
    "apart": (App("shop", ("shop",), "shop"), App("internal", ("shop-internal",), "shop")),
    "alike": (App("shop", ("shop",), "shop"), App("shop", ("shop-internal",), "shop")),
    "swap": (App("shop", ("shop",), "shop-v1", other="shop-v2"),),
    "swap-both": (App("shop", ("shop", "shop-internal"), "shop-v1", other="shop-v2"),),
}
"""One VirtualService; two that are released together; two apps on one VirtualService; and two VirtualServices that are
released apart on one pair of Deployments, under two names of apps or under one; and an app whose two Deployments take
turns, with one VirtualService and with two."""


class ScheduledCluster(SteppedCluster):
    """The cluster of a topology, on the schedule's clock.

    Args:
        apps: that it serves.
    """

    def __init__(self, apps: tuple[App, ...]) -> None:
        self.apps = apps
        self._arms: dict[str, set[str]] = {}
        super().__init__(Path(tempfile.gettempdir()), tuple(sorted({name for app in apps for name in app.routed})))
        # A function in place of the method: the store belongs to the stand-in, which makes it itself.
        self.push("shop:4", "4" * 64)
        self.store.now = lambda: datetime.fromtimestamp(CLOCK.time(), UTC)  # type: ignore[method-assign]

    def set_up(self) -> None:
        """Create the apps' objects, and Deployments that have nothing to do with them."""
        self.store.create(NAMESPACE_KIND, "", {"metadata": {"name": "kube-system"}})
        for stable, canary, other in sorted({(app.stable, app.canary, app.other) for app in self.apps}):
            self.create(DEPLOYMENT, deployment(stable, "shop:1", 1))
            if other:
                self.create(DEPLOYMENT, deployment(other, "shop:1", 0))
            self.serve(stable)
            self.serve(canary)
        for namespace, name in BYSTANDERS:
            made = deployment(name, "shop:1", 1)
            made["metadata"]["namespace"] = namespace
            self.store.create(DEPLOYMENT, namespace, made)
        for name in self.services:
            self.create(VIRTUAL_SERVICE, self.manifest(name))
        for _ in range(12):
            self.tick()

    def manifest(self, name: str) -> Json:
        """Return a VirtualService as its team has it in Git."""
        routes = []
        made: Json = {}
        for app in (app for app in self.apps if name in app.routed):
            arms: list[Json] = [{"host": host, "port": {"number": 80}} for host in (app.stable, app.canary)]
            made = virtual_service(name, *arms)
            [route] = made["spec"]["http"]
            if app.route:
                route |= {"name": app.route, "match": [{"uri": {"prefix": f"/{app.route}"}}]}
            routes.append(route)
        made["spec"]["http"] = routes
        return made

    def started(self, process: str, app: App) -> None:
        """Take note of whose steps a process runs."""
        self._arms[process] = {app.stable, app.canary}

    def arms_of(self, process: str) -> set[str]:
        """Return the Deployments of the release that a process works on."""
        return self._arms[process]

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        CLOCK.sleep(seconds)
        self.move()
