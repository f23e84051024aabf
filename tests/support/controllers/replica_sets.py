"""The ReplicaSet controller: as many pods as wanted, and a status that counts them."""

from __future__ import annotations

import random
from datetime import datetime

from tests.support.kubernetes_api.kinds import POD, REPLICA_SET, Json, Kind
from tests.support.kubernetes_api.store import Store

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def owned(store: Store, kind: Kind, owner: Json) -> list[Json]:
    """Return the objects of a kind whose controller is `owner`."""
    return store.list(kind, owner["metadata"]["namespace"], owner=owner["metadata"]["uid"])


def reference(owner: Json) -> Json:
    """Return the ownerReference of a controller."""
    metadata = owner["metadata"]
    kept = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    return kept | {"controller": True, "blockOwnerDeletion": True}


def ready_since(pod: Json) -> datetime | None:
    """Return since when a pod is ready, or None."""
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready" and condition["status"] == "True":
            return datetime.fromisoformat(condition["lastTransitionTime"])
    return None


class ReplicaSets:
    """Reconciles one ReplicaSet at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reconcile(self, replica_set: Json) -> None:
        """Create or delete pods and report."""
        namespace = replica_set["metadata"]["namespace"]
        pods = [p for p in owned(self._store, POD, replica_set) if "deletionTimestamp" not in p["metadata"]]
        missing = replica_set["spec"]["replicas"] - len(pods)
        for _ in range(missing):
            self._create(replica_set)
        # The pods of least use go first: not ready, then youngest.
        pods.sort(key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True)
        pods.sort(key=lambda pod: ready_since(pod) is not None)
        for pod in pods[: max(-missing, 0)]:
            self._store.delete(POD, namespace, pod["metadata"]["name"])
        self._report(replica_set)

    def _create(self, replica_set: Json) -> None:
        metadata, template = replica_set["metadata"], replica_set["spec"]["template"]
        suffix = "".join(random.choices(_ALPHABET, k=5))
        pod = {
            "metadata": {
                **template["metadata"],
                "name": f"{metadata['name']}-{suffix}",
                "generateName": f"{metadata['name']}-",
                "ownerReferences": [reference(replica_set)],
            },
            "spec": template["spec"],
        }
        self._store.create(POD, metadata["namespace"], pod, manager="kube-controller-manager")

    def _report(self, replica_set: Json) -> None:
        metadata, wanted = replica_set["metadata"], replica_set["spec"].get("minReadySeconds", 0)
        pods = [p for p in owned(self._store, POD, replica_set) if "deletionTimestamp" not in p["metadata"]]
        now = self._store.now()
        since = [moment for pod in pods if (moment := ready_since(pod)) is not None]
        counts = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": len(since),
            "availableReplicas": sum((now - moment).total_seconds() >= wanted for moment in since),
        }
        status = {k: v for k, v in counts.items() if v or k == "replicas"}
        status["observedGeneration"] = metadata["generation"]
        if status == replica_set.get("status"):
            return
        self._store.set_status(
            REPLICA_SET, metadata["namespace"], metadata["name"], status, manager="kube-controller-manager"
        )  # fmt: skip
