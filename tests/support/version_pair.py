"""An app of two Deployments that people deploy and that take turns: shop-v1 serves, shop-v2 has no pods yet."""

from __future__ import annotations

from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

V1, V2 = f"{APP}-v1", f"{APP}-v2"


class VersionPair(SteppedCluster):
    """Two pods of shop:1 in shop-v1, none of shop:0 in shop-v2, and shop:2 to release."""

    def set_up(self) -> None:
        """Create both Deployments and their routes; shop-v2 goes first."""
        self.push("shop:0", "0" * 64)
        self.create(DEPLOYMENT, _with_version(deployment(V1, "shop:1"), "v1"))
        self.create(DEPLOYMENT, _with_version(deployment(V2, "shop:0", 0), "v2"))
        self.route_between(V1, V2)
        self.settle(V1)
        self.settle(V2)
        self.release_to(V2)

    def release_to(self, canary: str) -> None:
        """Make one of the two the next canary."""
        stable = V1 if canary == V2 else V2
        self.given = {"topology": "swap", "stable": stable, "canary": canary}

    def add_route(self, to: str, name: str = "beta") -> None:
        """Add a route for testers that leads to one arm alone."""
        sends: Json = {"name": name, "match": [{"headers": {"x-beta": {"exact": "yes"}}}]}
        sends["route"] = [{"destination": {"host": to, "port": {"number": 80}}}]

        def added(found: Json) -> Json:
            return {**found, "spec": {**found["spec"], "http": [*found["spec"]["http"], sends]}}

        for service in self.services:
            self.store.change(VIRTUAL_SERVICE, NAMESPACE, service, added, manager="kubectl-edit")

    def pods(self, name: str) -> int:
        """Return the replicas that a Deployment asks for."""
        return int(self.get(name)["spec"]["replicas"])

    def available(self, name: str) -> int:
        """Return how many pods of a Deployment can serve."""
        return int(self.get(name).get("status", {}).get("availableReplicas", 0))

    def tokens(self) -> set[str]:
        """Return the tokens on all objects of the release; "" for an object without one."""
        return self._tokens(V1, V2, f"{V1}-baseline", f"{V2}-baseline")

    def summary(self) -> Json:
        """Return what a run leaves behind, to compare two runs."""
        arms = {name: (self.image(name), self.pods(name)) for name in (V1, V2)}
        return {"weights": self.weights(), **arms, "tokens": self.tokens(), "outcome": self.outcome()}


def _with_version(made: Json, version: str) -> Json:
    """Select by one label more than the Service does, which a baseline needs."""
    made["spec"]["selector"]["matchLabels"]["version"] = version
    made["spec"]["template"]["metadata"]["labels"]["version"] = version
    return made
