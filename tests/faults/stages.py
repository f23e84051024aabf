"""The apps that stories are about: one for each topology, with one VirtualService or two, perhaps with a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from steps.step import StepEnd
from tests.faults.lab import Lab, Process
from tests.faults.views import canary_side
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster
from tests.support.version_pair import V1, V2, VersionPair

TWO = (APP, f"{APP}-inner")
L = TypeVar("L", bound=Lab)
CANARY, PRIMARY = f"{APP}-canary", f"{APP}-primary"


def stable_named(folder: Path, services: tuple[str, ...] = (APP,), *, baseline: bool = False) -> Lab:
    """People deploy to `shop`, which serves; the canary is made by the release."""
    lab = Lab(SteppedCluster(folder, services, baseline=baseline), APP, CANARY, images=("shop:1", "shop:2"))
    return _with_templates(lab, APP)


class AtRestLab(Lab):
    """A lab whose canary has users between releases."""

    def prepare_next(self, process: Process, run: str) -> StepEnd:
        """Prepare shop:3, after all users returned to stable."""
        return process.prepare(run=run, image="shop:3", at_rest="reset")


def at_rest(folder: Path, services: tuple[str, ...] = (APP,)) -> Lab:
    """The same, with 10 % of the users on a canary of the present version."""
    lab = AtRestLab(SteppedCluster(folder, services), APP, CANARY, images=("shop:1", "shop:2"))
    lab = _with_templates(lab, APP)
    lab.rests_at = 10
    lab.started_by_people = (CANARY,)
    canary = deployment(CANARY, "shop:1", 1)
    canary["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "canary-steps"}
    lab.world.create(DEPLOYMENT, canary)
    lab.world.settle(CANARY)
    for name in services:
        set_weights(lab, name, 90, 10)
    return lab


class DeployedApp(SteppedCluster):
    """People deploy to `shop`, which is the canary of each release; `shop-primary` serves."""

    primary = True

    def set_up(self) -> None:
        """Create what a chart creates; the primary, if it is there, was made by an earlier release."""
        self.create(DEPLOYMENT, deployment(APP, "shop:1"))
        self.route_between(PRIMARY, APP)
        self.settle(APP)
        self.given = {"topology": "target-named", "stable": PRIMARY, "canary": APP}
        if self.primary:
            self.create(DEPLOYMENT, deployment(PRIMARY, "shop:1"))
            self.settle(PRIMARY)
            self.change(APP, replicas=0)
            self.set_image(APP, "shop:2")
            self.settle(APP)


class DeployedAlone(DeployedApp):
    """The same before its first release: nothing leads to `shop` but its Service."""

    primary = False


class TargetNamedLab(Lab):
    """A lab whose next release begins with what people deploy."""

    def deploy_next(self) -> None:
        """Deploy shop:3."""
        if self.world.store.find(DEPLOYMENT, NAMESPACE, APP) is None:
            self.world.create(DEPLOYMENT, deployment(APP, "shop:3", 0))
        self.world.set_image(APP, "shop:3")

    def prepare_next(self, process: Process, run: str) -> StepEnd:
        """Deploy shop:3, anew if somebody deleted the Deployment, and prepare it."""
        self.deploy_next()
        return process.prepare(run=run, image="", bootstrap=True)


def target_named(folder: Path, services: tuple[str, ...] = (APP,)) -> Lab:
    """People deploy to `shop`, which is the canary; `shop-primary` serves."""
    lab = TargetNamedLab(DeployedApp(folder, services), PRIMARY, APP, images=("shop:1", "shop:2"))
    lab.deployed_meanwhile = ("shop:3",)
    return _with_templates(lab, PRIMARY)


class SharedLab(TargetNamedLab):
    """The same with users on the canary between releases, by the hand of people."""

    def prepare_next(self, process: Process, run: str) -> StepEnd:
        """Deploy shop:3 and prepare it, after all users returned to stable."""
        self.deploy_next()
        return process.prepare(run=run, image="", bootstrap=True, at_rest="reset")


def users_sent_by_hand(folder: Path) -> Lab:
    """People deploy to `shop`, and have sent 30 % of the users there before any release began."""
    lab = SharedLab(DeployedApp(folder), PRIMARY, APP, images=("shop:1", "shop:2"))
    lab.world.change(APP, replicas=1)
    lab.world.settle(APP)
    set_weights(lab, APP, 70, 30)
    lab.rests_at, lab.started_by_people, lab.deployed_meanwhile = 30, (APP,), ("shop:3",)
    return _with_templates(lab, PRIMARY)


def deployed_alone(folder: Path) -> Lab:
    """The same app before its first release."""
    lab = TargetNamedLab(DeployedAlone(folder), PRIMARY, APP, images=("shop:1", "shop:3"))
    lab.started_by_people = (APP,)
    return lab


class SwapLab(Lab):
    """A lab of two Deployments that take turns."""

    def prepare_next(self, process: Process, run: str) -> StepEnd:
        """Prepare the release of shop:3 to the arm without users; once all are on shop-v2, a sweep ends that run."""
        if min(canary_side(one, self.hosts[1]) for one in self.virtual_services()) == 100:
            process.sweep()
        if min(canary_side(one, self.hosts[1]) for one in self.virtual_services()) == 100:
            process.release_to(V1)
        return process.prepare(run=run, image="shop:3")


def swap(folder: Path, services: tuple[str, ...] = (APP,), *, baseline: bool = False) -> Lab:
    """Two Deployments take turns: `shop-v1` serves."""
    lab = SwapLab(VersionPair(folder, services, baseline=baseline), V1, V2, images=("shop:1", "shop:3"))
    return _with_templates(lab, V1)


def set_weights(lab: Lab, name: str, stable: int, canary: int) -> None:
    """Set the weights of a VirtualService, as a person would."""

    def change(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], (stable, canary), strict=True):
            entry["weight"] = weight
        return item

    lab.world.store.change(VIRTUAL_SERVICE, NAMESPACE, name, change, manager="kubectl-edit")


def _with_templates(lab: L, name: str) -> L:
    template = lab.world.get(name)["spec"]["template"]
    lab.templates = {template["spec"]["containers"][0]["image"]: template}
    return lab
