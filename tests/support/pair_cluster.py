"""An app `cart` that people deploy in two versions, as subsets of one Service, beside the app `shop` by convention."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steps import prepare, report, rollback, set_weight
from steps.actions.teardown import TeardownPolicy
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.cluster.connection import ApiResponse
from steps.model.names import ReleaseNames
from steps.settings.release import ReleaseSettings
from steps.step import StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.names import find_names
from steps.workload.workload import Workload
from tests.support.in_process_connection import InProcessConnection
from tests.support.kill_point import KillPoint
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, VIRTUAL_SERVICE, Json
from tests.support.manifests import virtual_service
from tests.support.shop_release import NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

CART = "cart"
ARMS = ("cart-v1", "cart-v2")


class PairCluster(SteppedCluster):
    """The namespace.

    Attributes:
        forbidden: plurals that no account may list.

    Args:
        folder: for the stand-in.
        routes: name of the VirtualService that splits between the two versions.
        weights: at rest, cart-v1's first.
    """

    def __init__(self, folder: Path, routes: str = CART, weights: tuple[int, int] = (100, 0)) -> None:
        super().__init__(folder)
        self.routes, self.forbidden = routes, set[str]()
        for name in ARMS:
            self.create(DEPLOYMENT, _version(name))
        self.serve(CART, app=CART)
        subsets = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
        self.create(DESTINATION_RULE, {"metadata": {"name": CART}, "spec": {"host": CART, "subsets": subsets}})
        self.create(VIRTUAL_SERVICE, virtual_service(routes, *({"host": CART, "subset": one} for one in ("v1", "v2"))))
        self.weigh(*weights)
        for name in ARMS:
            self.settle(name)

    def weigh(self, *weights: int) -> None:
        """Set the weights of the pair, as a person would."""

        def change(item: Json) -> Json:
            for entry, weight in zip(item["spec"]["http"][0]["route"], weights, strict=True):
                entry["weight"] = weight
            return item

        self.store.change(VIRTUAL_SERVICE, NAMESPACE, self.routes, change, manager="kubectl-edit")

    def pair_weights(self) -> list[int]:
        """Return the weights of the pair, cart-v1's first."""
        found = self.store.get(VIRTUAL_SERVICE, NAMESPACE, self.routes)["spec"]["http"][0]["route"]
        return [entry.get("weight", 0) for entry in found]

    def answer(self, call: Call) -> ApiResponse:
        """Answer a request; forbid the lists that the test forbids."""
        if call.verb == "list" and call.resource in self.forbidden:
            return ApiResponse(403, {"message": f"{call.resource} is forbidden"})
        return super().answer(call)

    def calls(self, verb: str) -> list[str]:
        """Return the resources that were asked for with a verb, in order."""
        return [call.resource for call in self.api.faults.log if call.verb == verb]


class NamedSteps:
    """Steps that find their names themselves, each as a process of its own.

    Args:
        world: the cluster they act on.
    """

    def __init__(self, world: PairCluster) -> None:
        self.world, self._ending = world, TeardownPolicy(5.0, 0.0, lambda _: None)

    @property
    def cluster(self) -> Cluster:
        """A connection of one process."""
        return Cluster(InProcessConnection(self.world, KillPoint()))

    def names(self, app: str = CART, *, starts: bool = False, **given: Any) -> ReleaseNames:
        """Return the names that a step of these settings finds."""
        return find_names(
            self.cluster, rollback.Settings.model_validate({"app": app, **given}), NAMESPACE, starts=starts
        )

    def prepare(self, run: str = "one", **given: Any) -> StepEnd:
        """Prepare the release of shop:2."""
        asked = {"app": CART, "run": run, "image": "shop:2", "on_busy": "fail", "ready_timeout_seconds": 5}
        settings = prepare.Settings.model_validate({**asked, **given})
        names, traffic, workload = self._parts(settings, starts=True)
        evidence = self.world.evidence
        return prepare.run(settings, names, self.cluster, traffic, workload, evidence, self._ending)

    def set_weight(self, weight: int, run: str = "one") -> StepEnd:
        """Set a weight."""
        settings = set_weight.Settings.model_validate({"app": CART, "run": run, "weight": weight})
        return set_weight.run(settings, *self._parts(settings), None)

    def rollback(self, run: str = "one") -> StepEnd:
        """Roll back."""
        settings = rollback.Settings.model_validate({"app": CART, "run": run})
        return rollback.run(settings, *self._parts(settings), self._ending)

    def report(self) -> str:
        """Report."""
        settings = report.Settings.model_validate({"app": CART})
        names, traffic, _ = self._parts(settings)
        return report.run(settings, names, traffic.claims)[1]

    def _parts(self, settings: ReleaseSettings, *, starts: bool = False) -> tuple[ReleaseNames, Traffic, Workload]:
        names = find_names(self.cluster, settings, NAMESPACE, starts=starts)
        workload = Workload(self.cluster, claim_key(CART), poll_seconds=0.001, fault_grace_seconds=0.0)
        return names, Traffic(self.cluster, Claims(self.cluster, 2.0)), workload


def _version(name: str) -> Json:
    made = deployment(name, "shop:1")
    labels = {"app": CART, "version": name.removeprefix(f"{CART}-")}
    made["spec"]["selector"]["matchLabels"] = labels
    made["spec"]["template"]["metadata"]["labels"] = labels
    return made
