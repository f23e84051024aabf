"""Steps in this process against a cluster that moves one tick at a request: whole runs in milliseconds, kills anywhere.

Nothing sleeps and nothing runs beside: with every request the controllers and the kubelet of the paper cluster look
once, so a rollout takes as many requests as it has phases, and a kill finds it halfway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from steps import analyze, approve, prepare, promote, report, rollback, rollout, set_weight, sweep
from steps.acts.ending import Ending
from steps.acts.watch import Beside
from steps.beside import progress_of
from steps.claim.keys import claim_key, record_key
from steps.cluster.api import Cluster
from steps.cluster.connection import Answer, Connection
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from steps.model.names import Names
from steps.settings.conventions import names_of
from steps.settings.groups import Named
from steps.step import StepEnd
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload
from tests.support.fake_cluster import NAMESPACE, FakeCluster, Killed, deployment
from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.json_copy import copied
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Kind
from tests.support.kubernetes_api.requests import VERBS, Requests, parse_path
from tests.support.manifests import virtual_service

Json = dict[str, Any]
Moment = Literal["before", "after"]
APP = "shop"


@dataclass
class KillPoint:
    """When a process dies: before or after its n-th write; it counts them in any case."""

    dies_at: int = 0
    moment: Moment = "before"
    writes: int = 0

    def meets(self, call: Call, moment: Moment) -> bool:
        """Tell whether this is the end; a write is counted before it is made."""
        if call.is_write and moment == "before":
            self.writes += 1
        return call.is_write and self.writes == self.dies_at and moment == self.moment


class InProcessConnection(Connection):
    """A connection of one process, without a network."""

    default_namespace = NAMESPACE

    def __init__(self, world: SteppedCluster, fate: KillPoint) -> None:
        self._world, self._fate = world, fate
        self._timeout = self._retry_seconds = 0.0

    def now(self) -> float:
        """Return the server's time."""
        return self._world.store.now().timestamp()

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None, doing: str = ""
    ) -> Answer:
        """Let the world move on, then ask; or die."""
        self._world.move()
        call = self._world.call(method, path, dict(query or {}), body)
        if self._fate.meets(call, "before"):
            raise Killed
        answer = self._world.answer(call)
        if self._fate.meets(call, "after"):
            raise Killed
        return answer


class FixedEvidence(EvidenceReader):
    """A reader that saw so many of the canary's requests fail (0-1), or (None) no request of it at all."""

    def __init__(self, bad_ratio: float | None, at_look: Callable[[int], object] = lambda _: None) -> None:
        self.bad_ratio, self._at_look = bad_ratio, at_look
        self.looks = 0
        self.bounds = None

    def check(self) -> tuple[str, ...]:
        """Find everything well."""
        return ()

    def check_custom(self) -> tuple[str, ...]:
        """Know of no custom metrics."""
        return ()

    def choose_bounds(self) -> Bounds:
        """Give no bounds."""
        return Bounds()

    def read(
        self, started: float, now: float, rung_started: float | None = None, weight: int | None = None
    ) -> Evidence:
        """Give 20 strata of 100 requests an arm."""
        self.looks += 1
        self._at_look(self.looks)
        counts = Counts(100, 0), Counts(0, 0) if self.bad_ratio is None else Counts(100, round(100 * self.bad_ratio))
        strata = tuple(Stratum(started + k, started + k + 1, *counts) for k in range(20))
        metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),)),)
        begun = started if rung_started is None else rung_started
        return Evidence(metrics, started, begun, started + 20, 1.0, aligned=True, weight=weight)


class SteppedCluster(FakeCluster):
    """An app `shop` of two pods of shop:1, its VirtualService, and shop:2 to release, with a baseline or without."""

    def __init__(self, folder: Path, services: tuple[str, ...] = (APP,), *, baseline: bool = False) -> None:
        super().__init__(folder)
        self.services, self.baseline = services, baseline
        self._requests = Requests(self.store, self.api.faults)
        self.evidence = FixedEvidence(0.0)
        self._settled = ""
        for number in (1, 2, 3):
            self.push(f"shop:{number}", str(number) * 64)
        self.create(DEPLOYMENT, deployment(APP, "shop:1"))
        self.serve(APP)
        self.serve(f"{APP}-canary")
        arms: list[Json] = [{"host": host, "port": {"number": 80}} for host in (APP, f"{APP}-canary")]
        for name in services:
            self.create(VIRTUAL_SERVICE, virtual_service(name, *arms))
        self.settle(APP)

    def move(self) -> None:
        """Let everybody look once, unless the last look found nothing to do."""
        before = self.store.revision
        if before != self._settled:
            self.tick()
            self._settled = before if self.store.revision == before else ""

    def settle(self, name: str) -> None:
        """Let time pass until a Deployment is rolled out."""
        for _ in range(30):
            self.tick()
            if self.is_ready(name):
                return
        raise AssertionError(f"{name} is not rolled out: {self.get(name)}")

    def is_ready(self, name: str) -> bool:
        """Tell whether a Deployment runs its present template, and only that, on all its pods."""
        found = self.get(name)
        status, wanted = found.get("status", {}), found["spec"]["replicas"]
        counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
        return counts == {wanted} and status.get("observedGeneration") == found["metadata"]["generation"]

    def keep(self) -> Any:  # noqa: ANN401 - to be handed to `put_back` only
        """Return all objects as they are."""
        return copied(self.store._objects), self.store.clock_offset_seconds  # noqa: SLF001 - a test of the lab's own

    def put_back(self, kept: Any) -> None:  # noqa: ANN401 - see `keep`
        """Make all objects what they were."""
        self.store._objects = copied(kept[0])  # noqa: SLF001 - see `keep`
        self.store.clock_offset_seconds = kept[1]
        self._settled = ""

    def call(self, method: str, path: str, query: dict[str, str], body: object) -> Call:
        """Return a request as the stand-in API sees it, and log it."""
        place = parse_path(path)
        call = Call(
            number=len(self.api.faults.log) + 1,
            verb=VERBS.get(method, "get" if place is None or place.name else "list"),
            resource=place.resource if place else path.rsplit("/", 1)[-1],
            group=place.kind.group if place else "",
            namespace=place.namespace if place else "",
            name=place.name if place else "",
            path=path,
            query=query,
            body=b"" if body is None else json.dumps(body).encode(),
            user_agent="canary-steps",
            user="walker",
            content_type="application/json-patch+json" if method == "PATCH" else "application/json",
        )
        self.api.faults.log.append(call)
        return call

    def answer(self, call: Call) -> Answer:
        """Answer a request."""
        place = parse_path(call.path)
        if call.resource == "selfsubjectaccessreviews":
            return Answer(201, {"status": {"allowed": True}})
        if place is None:
            return Answer(404, {"message": "page not found"})
        try:
            return Answer(*self._requests.answer(place, call))
        except ApiError as error:
            return Answer(error.code, error.body)

    def process(self, fate: KillPoint | None = None, ending: Ending | None = None) -> StepProcess:
        """Return a new process that may run one step."""
        return StepProcess(self, fate or KillPoint(), ending or Ending(5.0, 0.0, lambda _: None))

    def weights(self) -> set[tuple[int, ...]]:
        """Return the weights of all VirtualServices' routes, stable's first."""
        found = [self.store.get(VIRTUAL_SERVICE, NAMESPACE, name)["spec"]["http"][0]["route"] for name in self.services]
        return {tuple(entry.get("weight", 0) for entry in route) for route in found}

    def annotation(self, key: str, kind: Kind = VIRTUAL_SERVICE, name: str = APP) -> str:
        """Return an annotation, "" where it or the object is missing."""
        found = self.store.find(kind, NAMESPACE, name) or {"metadata": {}}
        return str((found["metadata"].get("annotations") or {}).get(key, ""))

    def tokens(self) -> set[str]:
        """Return the tokens on all objects of the release that exist; "" stands for an object without one."""
        objects = [(VIRTUAL_SERVICE, name) for name in self.services]
        names = (APP, f"{APP}-canary", f"{APP}-baseline")
        objects += [(DEPLOYMENT, name) for name in names if self.store.find(DEPLOYMENT, NAMESPACE, name)]
        return {self.annotation(claim_key(APP), *one) for one in objects}

    def outcome(self) -> str:
        """Return how the last run ended, as it was recorded."""
        return str(json.loads(self.annotation(record_key(APP)) or "{}").get("outcome", ""))

    def canary_replicas(self) -> int:
        """Return how many pods the canary should have, 0 where there is no canary."""
        return self._replicas(f"{APP}-canary")

    def _replicas(self, name: str) -> int:
        found = self.store.find(DEPLOYMENT, NAMESPACE, name)
        return int(found["spec"]["replicas"]) if found else 0

    def summary(self) -> Json:
        """Return what a run leaves behind, for comparing two of them."""
        canary = f"{APP}-canary"
        exists = self.store.find(DEPLOYMENT, NAMESPACE, canary) is not None
        return {
            "weights": self.weights(),
            "stable": self.image(APP),
            "stable pods": self.get(APP)["spec"]["replicas"],
            "canary": self.image(canary) if exists else "",
            "canary pods": self.canary_replicas(),
            "baseline pods": self._replicas(f"{APP}-baseline"),
            "tokens": self.tokens(),
            "outcome": self.outcome(),
        }


class StepProcess:
    """One process that runs a step; a second step in it would be another container, so make another.

    Attributes:
        world: the cluster it acts on.
    """

    def __init__(self, world: SteppedCluster, fate: KillPoint, ending: Ending) -> None:
        self.fate, self._ending = fate, ending
        cluster = Cluster(InProcessConnection(world, fate))
        self.world, self._cluster = world, cluster
        self._given: Json = {"app": APP, "virtual_service": ",".join(world.services), "ready_timeout_seconds": 5}
        self._traffic = Traffic(cluster, 2.0)
        self._workload = self._workload_of(APP)

    def _workload_of(self, app: str) -> Workload:
        return Workload(self._cluster, claim_key(app), poll_seconds=0.001, hopeless_seconds=0.0)

    def prepare(self, run: str = "one", image: str = "shop:2", **more: object) -> StepEnd:
        """Prepare."""
        given = {**self._given, "run": run, "image": image, "on_busy": "fail", "baseline": self.world.baseline, **more}
        settings = prepare.Settings.model_validate(given)
        names, world = _names(settings), self.world
        return prepare.run(
            settings, names, self._cluster, self._traffic, self._workload, world.evidence, self._ending
        )  # fmt: skip

    def set_weight(self, weight: int = 20, run: str = "one") -> StepEnd:
        """Set a weight."""
        settings = set_weight.Settings.model_validate({**self._given, "run": run, "weight": weight})
        return set_weight.run(settings, _names(settings), self._traffic, self._workload, None)

    def analyze(
        self, weight: int | None = 20, reader: EvidenceReader | None = None, run: str = "one", **more: object
    ) -> StepEnd:
        """Judge a rung; all is well unless the reader says otherwise."""
        given = {**self._given, "run": run, "weight": weight, "min_seconds": 0}  # the evidence spans 20 s
        settings = analyze.Settings.model_validate({**given, **more})
        beside, names = Beside(progress=progress_of(settings.progress_file)), _names(settings)
        return analyze.run(settings, names, self._traffic, self._workload, reader or FixedEvidence(0.0), beside)

    def promote(self, run: str = "one", unjudged: str = "") -> StepEnd:
        """Promote."""
        settings = promote.Settings.model_validate({**self._given, "run": run, "unjudged": unjudged})
        return promote.run(settings, _names(settings), self._traffic, self._workload, self._ending)

    def rollout(self, reader: EvidenceReader | None = None, run: str = "one", **more: object) -> StepEnd:
        """Release shop:2 up the ladder 5, 60."""
        given = {**self._given, "run": run, "image": "shop:2", "on_busy": "fail", "ladder": (5, 60), "min_seconds": 0}
        settings = rollout.Settings.model_validate({**given, "baseline": self.world.baseline, **more})
        parts = self._cluster, self._traffic, self._workload, reader or FixedEvidence(0.0), self._ending
        return rollout.run(settings, _names(settings), *parts)

    def report(self, form: str = "text", run: str = "") -> str:
        """Render the report, of one run alone if it is named."""
        settings = report.Settings.model_validate(
            {"app": APP, "virtual_service": self._given["virtual_service"], "format": form, "run": run}
        )
        return report.run(settings, _names(settings), self._traffic)[1]

    def rollback(self, run: str = "one") -> StepEnd:
        """Roll back."""
        settings = rollback.Settings.model_validate({**self._given, "run": run})
        return rollback.run(settings, _names(settings), self._traffic, self._workload, self._ending)

    def sweep(self) -> StepEnd:
        """Sweep the namespace."""
        return sweep.run(NAMESPACE, self._traffic, self._workload_of, self._ending)

    def approve(self, run: str = "one") -> StepEnd:
        """Open the gate."""
        settings = approve.Settings.model_validate(
            {"app": APP, "virtual_service": self._given["virtual_service"], "run": run}
        )
        return approve.run(settings, _names(settings), self._traffic)


def _names(settings: Named) -> Names:
    return names_of(settings, NAMESPACE)
