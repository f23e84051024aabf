"""The app `shop` with one Service and a subset for each arm, by label `track`."""

from __future__ import annotations

from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, VIRTUAL_SERVICE, Json
from tests.support.manifests import virtual_service
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

SUBSETS: list[Json] = [{"name": track, "labels": {"track": track}} for track in ("stable", "canary")]


class SubsetCluster(SteppedCluster):
    """Two pods of shop:1 in subset stable, and shop:2 to release to subset canary."""

    def set_up(self) -> None:
        """Create the app's objects."""
        labels = {"app": APP, "track": "stable"}
        stable = deployment(APP, "shop:1", selector={"matchLabels": labels})
        stable["spec"]["template"]["metadata"]["labels"] = {**labels, "team": "till"}
        self.create(DEPLOYMENT, stable)
        self.serve(APP, app=APP)
        self.define_subsets(SUBSETS)
        arms: list[Json] = [{"host": APP, "subset": one["name"], "port": {"number": 80}} for one in SUBSETS]
        self.create(VIRTUAL_SERVICE, virtual_service(APP, *arms))
        self.settle(APP)
        self.given = {"stable_destination": f"{APP}/stable", "canary_destination": f"{APP}/canary"}

    def define_subsets(self, subsets: list[Json] | None) -> None:
        """Create or change the DestinationRule as a person does; None deletes it."""
        if subsets is None:
            self.store.delete(DESTINATION_RULE, NAMESPACE, APP)
        elif self.store.find(DESTINATION_RULE, NAMESPACE, APP) is None:
            rule: Json = {"metadata": {"name": APP}, "spec": {"host": APP, "subsets": subsets}}
            self.create(DESTINATION_RULE, rule)
        else:

            def changed(item: Json) -> Json:
                return {**item, "spec": {**item["spec"], "subsets": subsets}}

            self.store.change(DESTINATION_RULE, NAMESPACE, APP, changed, manager="kubectl-edit")
