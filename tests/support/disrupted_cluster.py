"""A stepped cluster that takes the canary's pods away: by eviction, preemption or deletion."""

from __future__ import annotations

import json
from pathlib import Path

from steps.claim.keys import state_key
from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import POD, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

CANARY = f"{APP}-canary"
GIVEN: Json = {"poll_seconds": 0.002, "timeout_seconds": 20, "min_requests": 20, "min_seconds": 3}


class DisruptedCluster(SteppedCluster):
    """An app whose canary pods can be taken away."""

    def __init__(self, folder: Path, *, baseline: bool = False) -> None:
        self.slow: set[str] = set()
        super().__init__(folder, baseline=baseline)

    def pods(self) -> list[Json]:
        """Return the canary's pods that are not being deleted."""
        found = [pod for pod in self.store.list(POD, NAMESPACE) if pod["metadata"]["labels"]["app"] == CANARY]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def fault(self, fault: str) -> None:
        """Set the fault of the canary's pods: "never-ready", "crashes", or "" for none."""
        self.faulty["shop:2"] = fault
        self.tick()

    def heal(self) -> None:
        """Let replacement pods get ready."""
        self.fault("")

    def take_away(self, count: int = 9, reason: str = "EvictionByEvictionAPI") -> None:
        """Evict pods of the canary, or delete them (""); their replacements are not ready until `heal`."""
        victims = self.pods()[:count]
        self.slow = {pod["metadata"]["name"] for pod in self.pods()[count:]}
        for pod in victims:
            name = pod["metadata"]["name"]
            self.store.change(POD, NAMESPACE, name, _bound)
            if reason:
                self.store.set_status(POD, NAMESPACE, name, self._targeted(pod["status"], reason))
            self.store.delete(POD, NAMESPACE, name)
        self.faulty["shop:2"] = "never-ready"

    def _targeted(self, status: Json, reason: str) -> Json:
        condition = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "by a test"}
        return {**status, "conditions": [*status["conditions"], {**condition, "lastTransitionTime": self.now()}]}

    def now(self) -> str:
        """Return the server's time."""
        return self.store.timestamp()

    def _run_pod(self, pod: Json) -> None:
        """Leave alone pods that are being deleted, and those that were ready before the others were taken away."""
        name = pod["metadata"]["name"]
        if "deletionTimestamp" in pod["metadata"]:
            if pod["metadata"]["deletionTimestamp"] < self.now():
                self.store.delete(POD, NAMESPACE, name, grace_seconds=0)
        elif name not in self.slow:
            super()._run_pod(pod)


def _bound(pod: Json) -> Json:
    return {**pod, "spec": {**pod["spec"], "nodeName": "node-1"}}


def memory(world: DisruptedCluster) -> Json:
    """Return what the claim remembers."""
    return dict(json.loads(world.annotation(state_key(APP))))


def analyze(world: DisruptedCluster, reader: FixedEvidence, weight: int | None = None, **more: object) -> StepEnd:
    """Judge in a new process."""
    return StepProcess(world).analyze(weight, reader, **{**GIVEN, **more})
