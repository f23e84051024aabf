"""The manifests of an app in each topology, as a team keeps them in Git, and a release of each."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import Json
from tests.support.manifests import virtual_service
from tests.support.shop_release import APP, deployment
from tests.support.stepped_cluster import SteppedCluster
from tests.support.version_pair import V1, V2

CANARY, PRIMARY = f"{APP}-canary", f"{APP}-primary"
ENDS = ("promoted", "rolled-back", "undone", "swept")
MARKS = {"app.kubernetes.io/instance": APP, "team": "till"}


@dataclass(frozen=True)
class AppManifests:
    """An app in one topology.

    Args:
        topology: of its releases.
        arms: the Deployments in Git with image and replicas, the one that serves first.
        hosts: destinations of its routes with the pods (label app) that their Services select, stable's first.
        given: settings that its steps need.
        image: that a release writes, "" where people deploy it.
    """

    topology: str
    arms: tuple[tuple[str, str, int], ...]
    hosts: tuple[tuple[str, str], tuple[str, str]]
    given: dict[str, Any] = field(default_factory=dict)
    image: str = "shop:2"

    def __str__(self) -> str:
        return self.topology

    def objects(self) -> list[Json]:
        """Return what Git has."""
        made = [_deployment(*arm) for arm in self.arms]
        destinations: list[Json] = [{"host": host, "port": {"number": 80}} for host, _ in self.hosts]
        routes = virtual_service(APP, *destinations)
        routes["metadata"]["labels"] = dict(MARKS)
        return [*made, {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", **routes}]

    @property
    def released(self) -> tuple[str, str]:
        """The Deployments that a release writes, stable's first."""
        return self.given.get("stable", APP), self.given.get("canary", CANARY)

    def release(self, world: SteppedCluster, end: str, **more: object) -> StepEnd:
        """Run a release to one of `ENDS`; `more` are settings of prepare."""
        StepProcess(world).prepare("one", self.image, **more)
        if end == "swept":
            StepProcess(world).set_weight(60)
            world.wait(3600)  # the run died, and its claim expired
            return StepProcess(world).sweep()
        if end == "rolled-back":
            StepProcess(world).analyze(60, FixedEvidence(1.0))
            return StepProcess(world).rollback()
        StepProcess(world).analyze(60)
        promoted = StepProcess(world).promote()
        return promoted if end == "promoted" else StepProcess(world).undo()


STABLE_NAMED = AppManifests("stable-named", ((APP, "shop:1", 2),), ((APP, APP), (CANARY, CANARY)))
TARGET_NAMED = AppManifests(
    "target-named",
    ((PRIMARY, "shop:1", 2), (APP, "shop:2", 1)),
    ((PRIMARY, PRIMARY), (CANARY, APP)),
    {"topology": "target-named", "stable": PRIMARY, "canary": APP, "canary_destination": CANARY},
    image="",
)
SWAP = AppManifests(
    "swap",
    ((V1, "shop:1", 2), (V2, "shop:2", 1)),
    ((V1, V1), (V2, V2)),
    {"topology": "swap", "stable": V1, "canary": V2},
    image="",
)
TOPOLOGIES = (STABLE_NAMED, TARGET_NAMED, SWAP)


def changed(objects: list[Json]) -> list[Json]:
    """Return manifests that a team changed: a timeout of the routes, a label, an annotation of pods, and replicas."""
    made = deepcopy(objects)
    for obj in made:
        obj["metadata"]["labels"]["team"] = "checkout"
        if obj["kind"] == "VirtualService":
            obj["spec"]["http"][0]["timeout"] = "7s"
        else:
            obj["spec"]["template"]["metadata"]["annotations"]["checksum/config"] = "2"
            obj["spec"]["replicas"] += 1
    return made


def _deployment(name: str, image: str, replicas: int) -> Json:
    made = deployment(name, image, replicas)
    del made["metadata"]["namespace"]
    made["metadata"]["labels"] = {"app": name, **MARKS}
    return {"apiVersion": "apps/v1", "kind": "Deployment", **made}
