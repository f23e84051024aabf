"""The API server for `--dry-run`: reads are real; writes are recorded and visible to later reads, but never sent."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import jsonpatch
import structlog

from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.connection import Connection
from steps.cluster.kinds import Kind
from steps.cluster.refusals import Conflict
from steps.errors import NotFound

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class DryRunCluster(Cluster):
    """A cluster whose writes stay in this process."""

    is_dry_run = True

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.planned_writes: list[str] = []
        self._overlay: dict[tuple[str, str, str], Object | None] = {}

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """Return the object as it would be after the planned writes."""
        key = (kind.plural, namespace, name)
        if key not in self._overlay:
            return super().get(kind, namespace, name)
        planned = self._overlay[key]
        if planned is None:
            raise NotFound(f"reading {kind.name} {namespace}/{name}", "it would be deleted by then")
        return deepcopy(planned)

    def list(self, kind: Kind, namespace: str | None, labels: str = "", *, from_cache: bool = False) -> list[Object]:
        """Return the objects that are there as they would be after the planned writes, without planned new ones."""
        found: list[Object] = []
        for obj in super().list(kind, namespace, labels, from_cache=from_cache):
            place = obj["metadata"]
            planned = self._overlay.get((kind.plural, place.get("namespace", ""), place["name"]), obj)
            found += [] if planned is None else [deepcopy(planned)]
        return found

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any]) -> Object:
        """Record a creation."""
        name = str(body["metadata"].get("name", ""))
        if self.find(kind, namespace, name) is not None:
            raise Conflict(f"creating {kind.name} {namespace}/{name}", "it exists")
        made = {"apiVersion": kind.api_version, "kind": kind.name, **deepcopy(dict(body))}
        made["metadata"] = {"namespace": namespace, "uid": "planned", "generation": 1, **made["metadata"]}
        self._plan(kind, namespace, name, made, "create", body)
        return deepcopy(made)

    def patch(self, kind: Kind, namespace: str, name: str, operations: Sequence[Operation]) -> Object:
        """Record a patch; its tests apply to the object as it would be.

        Raises:
            Conflict: a test fails.
        """
        before = self.get(kind, namespace, name)
        try:
            after = jsonpatch.apply_patch(before, list(operations))
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise Conflict(f"writing {kind.name} {namespace}/{name}", str(error)) from error
        self._plan(kind, namespace, name, after, "patch", [entry for entry in operations if entry["op"] != "test"])
        return dict(after)

    def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Record a deletion."""
        self._plan(kind, namespace, name, None, "delete", {"uid": uid})

    def _plan(self, kind: Kind, namespace: str, name: str, after: Object | None, verb: str, body: object) -> None:
        self._overlay[kind.plural, namespace, name] = after
        self.planned_writes.append(f"{verb} {kind.name} {namespace}/{name}")
        log.info("dry_run.write", verb=verb, kind=kind.name, namespace=namespace, name=name, body=body)
