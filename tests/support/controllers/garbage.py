"""The garbage collector: deletes objects whose owner is gone.

A delete removes the dependents at once; this catches those that a controller created meanwhile from an older view.
"""

from __future__ import annotations

from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, REPLICA_SET
from tests.support.kubernetes_api.store import Store


def collect(store: Store) -> None:
    """Delete ReplicaSets and pods whose owner does not exist any more."""
    for kind, owner_kind in ((REPLICA_SET, DEPLOYMENT), (POD, REPLICA_SET)):
        dependents = store.list(kind)
        # Read after the dependents, so that an owner that is missing was there before and is gone.
        alive = {item["metadata"]["uid"] for item in store.list(owner_kind)}
        for item in dependents:
            owners = [one for one in item["metadata"].get("ownerReferences") or [] if one["kind"] == owner_kind.kind]
            if owners and not any(owner["uid"] in alive for owner in owners):
                store.delete(kind, item["metadata"]["namespace"], item["metadata"]["name"])
