"""The Deployment controller: ReplicaSets by pod template, rollouts, history and status."""

from __future__ import annotations

import hashlib
import json
import time

from tests.support.controllers.replica_sets import owned, reference
from tests.support.controllers.rolling_update import bounds, sizes
from tests.support.kubernetes_api.kinds import DEPLOYMENT, REPLICA_SET, Json
from tests.support.kubernetes_api.store import Store

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_NOT_COPIED = {"kubectl.kubernetes.io/last-applied-configuration", REVISION}
_MANAGER = "kube-controller-manager"


def template_hash(template: Json) -> str:
    """Return the value of the pod-template-hash label."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:10])


def template_of(replica_set: Json) -> Json:
    """Return a ReplicaSet's template as the Deployment has it, without the hash."""
    template = replica_set["spec"]["template"]
    labels = {k: v for k, v in template["metadata"].get("labels", {}).items() if k != HASH_LABEL}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


def _revision(replica_set: Json) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


class Deployments:
    """Reconciles one Deployment at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._progress: dict[str, tuple[object, float]] = {}

    def reconcile(self, deployment: Json) -> None:
        """Take one step of the rollout and report."""
        sets = sorted(owned(self._store, REPLICA_SET, deployment), key=_revision)
        new = next((one for one in sets if template_of(one) == deployment["spec"]["template"]), None)
        if new is None and not deployment["spec"].get("paused"):
            new = self._create(deployment, sets)
        old = [one for one in sets if new is None or one["metadata"]["uid"] != new["metadata"]["uid"]]
        if new is not None:
            new = self._annotate(deployment, new, old)
        present = {one["metadata"]["name"]: one["spec"]["replicas"] for one in [*old, *([new] if new else [])]}
        for name, size in sizes(deployment, new, old).items():
            if size != present[name]:
                self._scale(deployment["metadata"]["namespace"], name, size)
        self._forget_history(deployment, old)
        self._report(deployment, new, old)

    def _create(self, deployment: Json, sets: list[Json]) -> Json:
        metadata, spec = deployment["metadata"], deployment["spec"]
        value = template_hash(spec["template"])
        labels = {**spec["template"]["metadata"].get("labels", {}), HASH_LABEL: value}
        chosen = {**(spec["selector"].get("matchLabels") or {}), HASH_LABEL: value}
        replica_set = {
            "metadata": {
                "name": f"{metadata['name']}-{value}",
                "labels": labels,
                "annotations": {REVISION: str(max([0, *map(_revision, sets)]) + 1)},
                "ownerReferences": [reference(deployment)],
            },
            "spec": {
                "replicas": 0,
                "selector": {**spec["selector"], "matchLabels": chosen},
                "template": {**spec["template"], "metadata": {**spec["template"]["metadata"], "labels": labels}},
                **({"minReadySeconds": spec["minReadySeconds"]} if "minReadySeconds" in spec else {}),
            },
        }
        return self._store.create(REPLICA_SET, metadata["namespace"], replica_set, manager=_MANAGER)

    def _annotate(self, deployment: Json, new: Json, old: list[Json]) -> Json:
        """Copy annotations as the real controller does, and make the set's revision the newest one."""
        revision = str(max(_revision(new), max([0, *map(_revision, old)]) + 1))
        surge, _ = bounds(deployment)
        total = deployment["spec"]["replicas"]
        copied = {k: v for k, v in (deployment["metadata"].get("annotations") or {}).items() if k not in _NOT_COPIED}
        added = {
            REVISION: revision,
            "deployment.kubernetes.io/desired-replicas": str(total),
            "deployment.kubernetes.io/max-replicas": str(total + surge),
        }

        def change(item: Json) -> Json:
            annotations = {**(item["metadata"].get("annotations") or {}), **copied, **added}
            return {**item, "metadata": {**item["metadata"], "annotations": annotations}}

        metadata = new["metadata"]
        if {**copied, **added}.items() <= (metadata.get("annotations") or {}).items():
            return new
        return self._store.change(REPLICA_SET, metadata["namespace"], metadata["name"], change, manager=_MANAGER)

    def _scale(self, namespace: str, name: str, size: int) -> None:
        def change(item: Json) -> Json:
            return {**item, "spec": {**item["spec"], "replicas": size}}

        self._store.change(REPLICA_SET, namespace, name, change, manager=_MANAGER)

    def _forget_history(self, deployment: Json, old: list[Json]) -> None:
        idle = [o for o in old if o["spec"]["replicas"] == 0 and not o.get("status", {}).get("replicas")]
        for one in idle[: max(0, len(idle) - deployment["spec"]["revisionHistoryLimit"])]:
            self._store.delete(REPLICA_SET, one["metadata"]["namespace"], one["metadata"]["name"])

    def _report(self, deployment: Json, new: Json | None, old: list[Json]) -> None:
        metadata, total = deployment["metadata"], deployment["spec"]["replicas"]
        new_status = (new or {}).get("status", {})
        statuses = [one.get("status", {}) for one in old] + [new_status]

        def count(field: str) -> int:
            return sum(int(status.get(field, 0)) for status in statuses)

        counts = {
            "replicas": count("replicas"),
            "updatedReplicas": int(new_status.get("replicas", 0)),
            "readyReplicas": count("readyReplicas"),
            "availableReplicas": count("availableReplicas"),
            "unavailableReplicas": max(0, total - count("availableReplicas")),
        }
        status: Json = {name: number for name, number in counts.items() if number}
        status["observedGeneration"] = metadata["generation"]
        status["conditions"] = self._conditions(deployment, new, counts)
        revision = str(_revision(new)) if new else ""
        marked = (metadata.get("annotations") or {}).get(REVISION, "")
        if status == deployment.get("status") and revision in {"", marked}:
            return

        def change(item: Json) -> Json:
            annotations = (item["metadata"].get("annotations") or {}) | ({REVISION: revision} if revision else {})
            return {**item, "status": status, "metadata": {**item["metadata"], "annotations": annotations}}

        self._store.change(
            DEPLOYMENT, metadata["namespace"], metadata["name"], change, manager=_MANAGER, subresource="status"
        )  # fmt: skip

    def _conditions(self, deployment: Json, new: Json | None, counts: dict[str, int]) -> list[Json]:
        _, unavailable = bounds(deployment)
        enough = counts["availableReplicas"] >= deployment["spec"]["replicas"] - unavailable
        name = new["metadata"]["name"] if new else ""
        progressing, reason, message = self._progressing(deployment, name, counts)
        available = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
        said = "Deployment has minimum availability." if enough else "Deployment does not have minimum availability."
        return [
            self._condition(deployment, "Available", str(enough), available, said),
            self._condition(deployment, "Progressing", progressing, reason, message),
        ]

    def _progressing(self, deployment: Json, name: str, counts: dict[str, int]) -> tuple[str, str, str]:
        uid, total = deployment["metadata"]["uid"], deployment["spec"]["replicas"]
        if deployment["spec"].get("paused"):
            return "Unknown", "DeploymentPaused", "Deployment is paused"
        finished = counts["replicas"] == counts["updatedReplicas"]
        conditions = deployment.get("status", {}).get("conditions", [])
        before: Json = next((one for one in conditions if one["type"] == "Progressing"), {})
        was_available = before.get("reason") == "NewReplicaSetAvailable" and f'"{name}"' in before["message"]
        if (finished and was_available) or (finished and counts["availableReplicas"] == counts["replicas"] == total):
            self._progress.pop(uid, None)
            return "True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.'
        mark = (name, counts["updatedReplicas"], counts["readyReplicas"], counts["availableReplicas"])
        seen, since = self._progress.get(uid, (None, 0.0))
        if seen != mark:
            since = time.monotonic()
            self._progress[uid] = (mark, since)
        if time.monotonic() - since > deployment["spec"]["progressDeadlineSeconds"]:
            return "False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.'
        return "True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'

    def _condition(self, deployment: Json, kind: str, status: str, reason: str, message: str) -> Json:
        conditions = deployment.get("status", {}).get("conditions", [])
        before: Json = next((one for one in conditions if one["type"] == kind), {})
        said = {"type": kind, "status": status, "reason": reason, "message": message}
        now = self._store.timestamp()
        same = all(before.get(key) == value for key, value in said.items())
        moved = now if before.get("status") != status else before["lastTransitionTime"]
        return {**said, "lastUpdateTime": before["lastUpdateTime"] if same else now, "lastTransitionTime": moved}
