"""A fake cluster that holds the objects of a shape, and init and doctor's checks run on it in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steps import init
from steps.claim.acquire import ClaimRequest
from steps.claim.claims import Claims
from steps.cluster.api import Cluster
from steps.cluster.connection import ApiResponse
from steps.manifests.manifest import as_yaml
from steps.model.names import ReleaseNames
from steps.model.workload import Release, ReleasePlan, Topology
from steps.survey.arms import surveyed_arms
from steps.survey.checks.all_checks import all_problems
from steps.survey.objects import Survey, look_around
from steps.survey.problem import Problem
from steps.traffic.traffic import Traffic
from steps.wiring.names import find_names
from steps.workload.workload import Workload
from tests.support.documents import yaml_objects
from tests.support.in_process_connection import InProcessConnection
from tests.support.kill_point import KillPoint
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, KINDS, Json, Kind
from tests.support.stepped_cluster import SteppedCluster

FIELD = "field"
_KINDS = {kind.kind: kind for kind in KINDS}
_RBAC = {"ServiceAccount", "Role", "RoleBinding"}


class ShapeCluster:
    """A cluster with objects of a file, its Deployments rolled out.

    Args:
        folder: for the fake cluster.
        objects: to create; kinds that the fake cluster does not serve are left out.
    """

    def __init__(self, folder: Path, *objects: Json) -> None:
        self.world = SteppedCluster(folder, services=())
        for namespace in (FIELD, "ingress", "istio-system"):
            self.world.api.add_namespace(namespace)
        self.cluster = Cluster(InProcessConnection(self.world, KillPoint()))
        for digit, image in enumerate(sorted({one for obj in objects for one in _images(obj)})):
            self.world.push(image, f"{digit % 10}" * 64)
        for obj in objects:
            self.create(obj)
        self.settle()

    def create(self, obj: Json) -> None:
        """Create an object, if its kind is served."""
        if obj["kind"] in _KINDS:
            self.world.store.create(_KINDS[obj["kind"]], obj["metadata"]["namespace"], obj)

    def settle(self) -> None:
        """Reconcile until every Deployment is rolled out."""
        for _ in range(60):
            self.world.tick()
            if all(_is_ready(one) for one in self.world.store.list(DEPLOYMENT)):
                return
        raise AssertionError("Deployments are not rolled out")

    def claim(self, app: str, weight: int) -> None:
        """Let a run own the routes of an app, its canary at a weight."""
        traffic, names = Traffic(self.cluster, Claims(self.cluster)), self.names(app)
        arms = names.stable_destination, names.canary_destination
        wanted = ClaimRequest(app, "one", traffic.resolve(names.targets, *arms), *arms)
        traffic.set_weight(traffic.claims.take(wanted, check=traffic.all_on_stable), weight)

    def refuse(self, code: int, verb: str = "") -> None:
        """Answer every request from now on with an error, or those of one verb."""
        answer = self.world.answer

        def refusing(call: Call) -> ApiResponse:
            return ApiResponse(code, {"message": "refused"}) if verb in {"", call.verb} else answer(call)

        self.world.answer = refusing  # type: ignore[method-assign] # a fault of the server

    def unready(self, name: str, available: int) -> None:
        """Let a Deployment have fewer available pods, and its controllers stand still from now on."""
        self.world.move = lambda: None  # type: ignore[method-assign] # nothing reconciles
        status = {**self.world.store.get(DEPLOYMENT, FIELD, name)["status"], "availableReplicas": available}
        self.world.store.set_status(DEPLOYMENT, FIELD, name, status, manager="kubelet")

    def init(self, app: str, **flags: Any) -> str:
        """Return what init prints."""
        settings = init.Settings.model_validate({"app": app, **flags})
        return as_yaml(init.run(settings, self.cluster, FIELD))

    def printed(self, app: str, **flags: Any) -> dict[str, Json]:
        """Return the objects that init prints without accounts, by `Kind name`."""
        found = yaml_objects(self.init(app, rbac=False, **flags))
        return {f"{one['kind']} {one['metadata']['name']}": one for one in found}

    def apply(self, printed: str) -> list[str]:
        """Apply documents as kubectl does, maps merged and lists replaced; return them as `Kind name`."""
        shown = []
        for one in yaml_objects(printed):
            if one["kind"] in _RBAC:
                continue
            shown.append(f"{one['kind']} {one['metadata']['name']}")
            self._apply(_KINDS[one["kind"]], one)
        self.settle()
        return shown

    def _apply(self, kind: Kind, one: Json) -> None:
        namespace, name = one["metadata"]["namespace"], one["metadata"]["name"]
        if self.world.store.find(kind, namespace, name) is None:
            self.world.store.create(kind, namespace, one)
        else:
            self.world.store.change(kind, namespace, name, lambda item: _merged(item, one), manager="kubectl")

    def survey(self) -> Survey:
        """Return what the survey sees."""
        return look_around(self.cluster, FIELD)

    def names(self, app: str) -> ReleaseNames:
        """Return the names of a release for `--app` alone.

        Raises:
            PermanentError: they are not unique.
        """
        return find_names(self.cluster, init.Settings.model_validate({"app": app}), FIELD, starts=True)

    def problems(self, app: str, names: ReleaseNames | None = None) -> list[Problem]:
        """Return what refuses a release of an app, as doctor finds it."""
        survey, named = self.survey(), names or self.names(app)
        found = all_problems(survey, surveyed_arms(survey, named, str(named.topology)))
        return [one for one in found if one.gravity == "refuses"]

    def preflight(self, names: ReleaseNames, image: str = "registry.example/team/app:2") -> ReleasePlan:
        """Run what prepare checks before its first write.

        Raises:
            PermanentError: prepare refuses.
        """
        traffic = Traffic(self.cluster, Claims(self.cluster))
        arms = names.stable_destination, names.canary_destination
        targets = traffic.resolve(names.targets, *arms)
        place = names.virtual_services[0].namespace
        release = Release(
            namespace=names.namespace,
            stable=names.stable,
            canary=names.canary,
            stable_destination=arms[0],
            canary_destination=arms[1],
            topology=Topology(names.topology),
            stable_subset=traffic.subset_labels(place, arms[0]),
            canary_subset=traffic.subset_labels(place, arms[1]),
            image=image,
            routes=traffic.ports(targets, *arms),
        )
        return Workload(self.cluster, "").preflight(release)


def _images(obj: Json) -> list[str]:
    template = (obj.get("spec") or {}).get("template") or {"spec": {}}
    return [one["image"] for one in template["spec"].get("containers") or []]


def _is_ready(found: Json) -> bool:
    status, wanted = found.get("status", {}), found["spec"]["replicas"]
    counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
    return counts == {wanted} and status.get("observedGeneration") == found["metadata"]["generation"]


def _merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - any part of an object
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
