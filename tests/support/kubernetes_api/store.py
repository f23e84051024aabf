"""The objects of the stand-in cluster, with the bookkeeping a real API server does on every write.

Everything in process (controllers, tests) may use it directly; it is thread-safe. Objects go in and out as copies.
"""

from __future__ import annotations

import random
import string
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from tests.support.kubernetes_api import defaults, managed_fields, validation, write_rules
from tests.support.kubernetes_api.errors import already_exists, conflict, not_found
from tests.support.kubernetes_api.json_copy import copied
from tests.support.kubernetes_api.kinds import KINDS, NAMESPACE, POD, SERVICE, Json, Kind
from tests.support.kubernetes_api.selectors import fields_match, labels_match

Key = tuple[str, str, str]
Change = Callable[[Json], Json]
Listener = Callable[[Kind, str, str], None]


class Store:
    """All objects by kind, namespace and name, under one revision counter."""

    def __init__(self) -> None:
        self._objects: dict[Key, Json] = {}
        self._revision = 1000
        self._changed = threading.Condition(threading.RLock())
        self._listeners: list[Listener] = []
        self.shares_lists = False
        """Hand out what was listed, read or written itself instead of copies: only where nobody changes it in place."""
        self.clock_offset_seconds = 0.0
        """Moves the server's clock (Date header, timestamps): a test can let a claim expire without waiting."""

    def now(self) -> datetime:
        """Return the server's time."""
        return datetime.fromtimestamp(time.time() + self.clock_offset_seconds, UTC)

    def timestamp(self) -> str:
        """Return the server's time as objects carry it."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def revision(self) -> str:
        """Return the newest resourceVersion."""
        with self._changed:
            return str(self._revision)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener(kind, namespace, name)` after each change, in the thread of the writer."""
        self._listeners.append(listener)

    def wait_for(self, holds: Callable[[], Any], timeout_seconds: float = 30.0) -> bool:
        """Return as soon as `holds()` is true, checked at every change; False when the time is over."""
        with self._changed:
            return bool(self._changed.wait_for(holds, timeout_seconds))

    def get(self, kind: Kind, namespace: str, name: str) -> Json:
        """Return one object or raise 404."""
        with self._changed:
            return copied(self._stored(kind, namespace, name))

    def read(self, kind: Kind, namespace: str, name: str) -> Json:
        """Return one object for an answer, or raise 404."""
        return self._stored(kind, namespace, name) if self.shares_lists else self.get(kind, namespace, name)

    def find(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """Return one object, or None."""
        with self._changed:
            found = self._objects.get((kind.plural, namespace, name))
            return copied(found) if found else None

    def list(
        self, kind: Kind, namespace: str = "", labels: str = "", fields: str = "", *, owner: str = ""
    ) -> list[Json]:
        """Return the objects of a kind in one namespace (or all), in order of namespace and name.

        `owner` is the uid of an object that must own them.
        """
        with self._changed:
            items = [
                (key, item)
                for key, item in self._objects.items()
                if key[0] == kind.plural and (not namespace or key[1] == namespace) and _owned(item, owner)
            ]
        items.sort(key=itemgetter(0))
        chosen = (i for _, i in items if not labels or labels_match(labels, i["metadata"].get("labels") or {}))
        found = [item for item in chosen if not fields or fields_match(fields, item)]
        return found if self.shares_lists else [copied(item) for item in found]

    def create(self, kind: Kind, namespace: str, item: Json, *, manager: str = "lab", dry_run: bool = False) -> Json:
        """Store a new object with uid, revision, defaults and managed fields."""
        new = copied(item)
        metadata = new.setdefault("metadata", {})
        if not metadata.get("name") and metadata.get("generateName"):
            suffix = "".join(random.choices(string.ascii_lowercase + string.digits, k=5))
            metadata["name"] = metadata["generateName"] + suffix
        name = metadata.get("name", "")
        with self._changed:
            if kind.namespaced and ("namespaces", "", namespace) not in self._objects:
                raise not_found(NAMESPACE, namespace)
            if (kind.plural, namespace, name) in self._objects:
                raise already_exists(kind, name)
            new["apiVersion"], new["kind"] = kind.api_version, kind.kind
            for field in ("resourceVersion", "generation", "managedFields", "selfLink", "deletionTimestamp"):
                metadata.pop(field, None)
            metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": self.timestamp()}
            if kind.namespaced:
                metadata["namespace"] = namespace
            if kind.generation != "none":
                metadata["generation"] = 1
            if kind.status:
                new.pop("status", None)
                new |= {} if kind.custom else {"status": {}}
            write_rules.prune(metadata)
            defaults.fill(kind, new)
            if kind is SERVICE and new["spec"]["type"] == "ClusterIP":
                new["spec"].setdefault("clusterIP", f"10.96.{random.randint(1, 254)}.{random.randint(1, 254)}")
            validation.check(kind, new, None)
            managed_fields.record(kind, None, new, manager=manager, now=self.timestamp())
            return copied(new) if dry_run else self._commit(kind, namespace, name, new)

    def change(
        self, kind: Kind, namespace: str, name: str, change: Change, *, manager: str = "lab", subresource: str = "",
        dry_run: bool = False,
    ) -> Json:  # fmt: skip
        """Store what `change` makes of the object: an update, a patch, or (subresource "status") its status alone.

        A result equal to what is stored writes nothing and keeps the resourceVersion, as on a real server.
        """
        with self._changed:
            old = self._stored(kind, namespace, name)
            asked = change(copied(old))
            metadata = asked.setdefault("metadata", {})
            if metadata.get("uid", old["metadata"]["uid"]) != old["metadata"]["uid"]:
                said = f"UID in precondition: {metadata['uid']}, UID in object meta: {old['metadata']['uid']}"
                raise conflict(kind, name, f"Precondition failed: {said}")
            version = old["metadata"]["resourceVersion"]
            if (metadata.get("resourceVersion") or version) != version:
                raise conflict(kind, name)
            new = write_rules.merged(kind, old, asked, subresource)
            defaults.fill(kind, new)
            validation.check(kind, new, old)
            given = metadata.get("managedFields")
            keeps_managers = not given or given == old["metadata"].get("managedFields")
            if keeps_managers and write_rules.without_managers(new) == write_rules.without_managers(old):
                return copied(old)
            if not subresource and write_rules.raises_generation(kind, old, new):
                new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
            managed_fields.record(
                kind, old, new, manager=manager, now=self.timestamp(), subresource=subresource,
                given=given,
            )  # fmt: skip
            return copied(new) if dry_run else self._commit(kind, namespace, name, new)

    def set_status(self, kind: Kind, namespace: str, name: str, status: Json, *, manager: str = "lab") -> Json:
        """Replace the status of an object, as its controller does."""
        change: Change = lambda item: item | {"status": status}  # noqa: E731 - it is one expression
        return self.change(kind, namespace, name, change, manager=manager, subresource="status")

    def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", resource_version: str = "", orphan: bool = False,
        grace_seconds: int | None = None, dry_run: bool = False,
    ) -> Json:  # fmt: skip
        """Delete an object and what it owns; a running pod is marked only, its kubelet removes it."""
        with self._changed:
            old = self._stored(kind, namespace, name)
            for wanted, field, said in ((uid, "uid", "UID"), (resource_version, "resourceVersion", "ResourceVersion")):
                if wanted and old["metadata"][field] != wanted:
                    why = f"{said} in precondition: {wanted}, {said} in object meta: {old['metadata'][field]}"
                    raise conflict(kind, name, f"Precondition failed: {why}")
            if dry_run:
                return copied(old)
            if kind is POD and old["spec"].get("nodeName") and grace_seconds != 0:
                if "deletionTimestamp" in old["metadata"]:
                    return copied(old)
                new = copied(old)
                grace = grace_seconds or old["spec"].get("terminationGracePeriodSeconds", 30)
                killed = (self.now() + timedelta(seconds=grace)).strftime("%Y-%m-%dT%H:%M:%SZ")
                new["metadata"] |= {"deletionTimestamp": killed, "deletionGracePeriodSeconds": grace}
                return self._commit(kind, namespace, name, new)
            del self._objects[kind.plural, namespace, name]
            self._revision += 1
            self._notify(kind, namespace, name)
            if not orphan:
                self._collect(kind, old)
            return copied(old)

    def _collect(self, kind: Kind, owner: Json) -> None:
        by_plural = {one.plural: one for one in KINDS}
        uid, name = owner["metadata"]["uid"], owner["metadata"]["name"]
        for (plural, namespace, owned), item in list(self._objects.items()):
            references = item["metadata"].get("ownerReferences") or []
            inside = kind is NAMESPACE and namespace == name
            owned_by_it = inside or any(reference.get("uid") == uid for reference in references)
            if owned_by_it and (plural, namespace, owned) in self._objects:
                self.delete(by_plural[plural], namespace, owned)

    def _stored(self, kind: Kind, namespace: str, name: str) -> Json:
        found = self._objects.get((kind.plural, namespace, name))
        if found is None:
            raise not_found(kind, name)
        return found

    def _commit(self, kind: Kind, namespace: str, name: str, new: Json) -> Json:
        self._revision += 1
        new["metadata"]["resourceVersion"] = str(self._revision)
        self._objects[kind.plural, namespace, name] = new
        self._notify(kind, namespace, name)
        return new if self.shares_lists else copied(new)

    def _notify(self, kind: Kind, namespace: str, name: str) -> None:
        self._changed.notify_all()
        for listener in list(self._listeners):
            listener(kind, namespace, name)


def _owned(item: Json, owner: str) -> bool:
    return not owner or any(one["uid"] == owner for one in item["metadata"].get("ownerReferences") or [])
