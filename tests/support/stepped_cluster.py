"""A cluster that moves one tick at each request: whole runs take milliseconds, and a kill finds a rollout halfway.

Nothing sleeps and nothing runs in the background: with every request each controller and the kubelet of the fake
cluster act once, so a rollout takes as many requests as it has phases.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from steps.claim.keys import claim_key, record_key
from steps.cluster.connection import ApiResponse
from tests.support.fake_cluster import FakeCluster
from tests.support.fixed_evidence import FixedEvidence
from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json, Kind
from tests.support.kubernetes_api.requests import VERBS, Requests, parse_path
from tests.support.manifests import virtual_service
from tests.support.shop_release import APP, NAMESPACE, deployment


class SteppedCluster(FakeCluster):
    """An app `shop` of two pods of shop:1, its VirtualService, and shop:2 to release, with a baseline or without.

    Attributes:
        given: settings that every step of this app needs.
    """

    def __init__(self, folder: Path, services: tuple[str, ...] = (APP,), *, baseline: bool = False) -> None:
        super().__init__(folder)
        self.services, self.baseline = services, baseline
        self._requests = Requests(self.store, self.api.faults)
        self.evidence = FixedEvidence(0.0)
        self._is_settled = False
        self.store.subscribe(self._changed)
        for number in (1, 2, 3):
            self.push(f"shop:{number}", str(number) * 64)
        self.given: Json = {}
        self.set_up()

    def set_up(self) -> None:
        """Create the app's objects."""
        self.create(DEPLOYMENT, deployment(APP, "shop:1"))
        self.route_between(APP, f"{APP}-canary")
        self.settle(APP)

    def route_between(self, stable: str, canary: str) -> None:
        """Create a Service for each arm, and the VirtualServices that split between them."""
        self.serve(stable)
        self.serve(canary)
        arms: list[Json] = [{"host": host, "port": {"number": 80}} for host in (stable, canary)]
        for name in self.services:
            self.create(VIRTUAL_SERVICE, virtual_service(name, *arms))

    def move(self) -> None:
        """Let every controller reconcile once, unless there is nothing to do; most requests change only routes."""
        if not self._is_settled:
            self._is_settled = True
            self.tick()

    def _changed(self, kind: Kind, *_: str) -> None:
        self._is_settled = self._is_settled and kind.custom

    def wait(self, seconds: float) -> None:
        """Let time pass, at least a second."""
        self.store.clock_offset_seconds += max(1.0, seconds)
        self.move()

    def settle(self, name: str) -> None:
        """Reconcile until a Deployment is rolled out."""
        for _ in range(30):
            self.tick()
            if self.is_ready(name):
                return
        raise AssertionError(f"{name} is not rolled out: {self.get(name)}")

    def is_ready(self, name: str) -> bool:
        """Return whether all pods of a Deployment, and no others, run its present template."""
        found = self.get(name)
        status, wanted = found.get("status", {}), found["spec"]["replicas"]
        counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
        return counts == {wanted} and status.get("observedGeneration") == found["metadata"]["generation"]

    def keep(self) -> Any:  # noqa: ANN401 - only for `put_back`
        """Return all objects, for `put_back`; none of them is ever changed in place."""
        return dict(self.store._objects), self.store.clock_offset_seconds  # noqa: SLF001 - the stand-in is ours

    def put_back(self, kept: Any) -> None:  # noqa: ANN401 - see `keep`
        """Restore all objects."""
        self.store._objects = dict(kept[0])  # noqa: SLF001 - see `keep`
        self.store.clock_offset_seconds = kept[1]
        self._is_settled = False
        if self.at_rest is not None:
            self.at_rest.forget()

    def call(self, method: str, path: str, query: dict[str, str], body: object) -> Call:
        """Return a request as the stand-in API sees it, and log it; a body may be a text, as it is sent."""
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
            body=b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode(),
            user_agent="canary-steps",
            user="walker",
            content_type="application/json-patch+json" if method == "PATCH" else "application/json",
        )
        self.api.faults.log.append(call)
        return call

    def answer(self, call: Call) -> ApiResponse:
        """Answer a request."""
        place = parse_path(call.path)
        if call.resource == "selfsubjectaccessreviews":
            return ApiResponse(201, {"status": {"allowed": True}})
        if place is None:
            return ApiResponse(404, {"message": "page not found"})
        try:
            return ApiResponse(*self._requests.answer(place, call))
        except ApiError as error:
            return ApiResponse(error.code, error.body)

    def weights(self) -> set[tuple[int, ...]]:
        """Return the weights of all VirtualServices' routes, stable's first."""
        found = [self.store.get(VIRTUAL_SERVICE, NAMESPACE, name)["spec"]["http"][0]["route"] for name in self.services]
        return {tuple(entry.get("weight", 0) for entry in route) for route in found}

    def annotation(self, key: str, kind: Kind = VIRTUAL_SERVICE, name: str = APP) -> str:
        """Return an annotation, "" where it or the object is missing."""
        found = self.store.find(kind, NAMESPACE, name) or {"metadata": {}}
        return str((found["metadata"].get("annotations") or {}).get(key, ""))

    def tokens(self) -> set[str]:
        """Return the tokens on all existing objects of the release; "" for an object without one."""
        return self._tokens(APP, f"{APP}-canary", f"{APP}-baseline")

    def _tokens(self, *names: str) -> set[str]:
        objects = [(VIRTUAL_SERVICE, name) for name in self.services]
        objects += [(DEPLOYMENT, name) for name in names if self.store.find(DEPLOYMENT, NAMESPACE, name)]
        return {self.annotation(claim_key(APP), *one) for one in objects}

    def outcome(self) -> str:
        """Return how the last run ended, as it was recorded."""
        return str(json.loads(self.annotation(record_key(APP)) or "{}").get("outcome", ""))

    def canary_replicas(self) -> int:
        """Return the canary's replicas, 0 if there is no canary."""
        return self._replicas(f"{APP}-canary")

    def _replicas(self, name: str) -> int:
        found = self.store.find(DEPLOYMENT, NAMESPACE, name)
        return int(found["spec"]["replicas"]) if found else 0

    def summary(self) -> Json:
        """Return what a run leaves behind, to compare two runs."""
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
