"""Which objects a controller need not look at again: nothing that it reads has changed since it last did nothing."""

from __future__ import annotations

from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, REPLICA_SET, SERVICE, Json, Kind
from tests.support.kubernetes_api.store import Store

_READS = {DEPLOYMENT.plural: REPLICA_SET.plural, REPLICA_SET.plural: POD.plural, SERVICE.plural: POD.plural}


class AtRest:
    """For a cluster without surprises: no time limits of controllers, no images that change."""

    def __init__(self, store: Store) -> None:
        self._changed_at: dict[str, str] = {}
        self._seen: dict[str, tuple[str, str]] = {}
        self._store = store
        store.subscribe(self._changed)

    def forget(self) -> None:
        """Look at everything again: the objects were exchanged."""
        self._seen.clear()

    def holds(self, kind: Kind, item: Json) -> bool:
        """Return whether its controller has nothing to do."""
        return self._seen.get(item["metadata"]["uid"]) == self._state(kind, item)

    def note(self, kind: Kind, item: Json) -> None:
        """Take note that its controller did nothing."""
        if kind is DEPLOYMENT and not _is_complete(item):
            return
        self._seen[item["metadata"]["uid"]] = self._state(kind, item)

    def _state(self, kind: Kind, item: Json) -> tuple[str, str]:
        return item["metadata"]["resourceVersion"], self._changed_at.get(_READS.get(kind.plural, ""), "")

    def _changed(self, kind: Kind, *_: str) -> None:
        self._changed_at[kind.plural] = self._store.revision


def _is_complete(deployment: Json) -> bool:
    """Return whether no rollout is under way, which may run out of time."""
    conditions = deployment.get("status", {}).get("conditions", [])
    return any(one["reason"] == "NewReplicaSetAvailable" for one in conditions)
