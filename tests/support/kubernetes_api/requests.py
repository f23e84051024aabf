"""From an HTTP request to the store: paths, verbs, bodies, answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.support.kubernetes_api import kinds, patch
from tests.support.kubernetes_api.errors import ApiError, forbidden
from tests.support.kubernetes_api.faults import Call, Faults
from tests.support.kubernetes_api.kinds import Json, Kind
from tests.support.kubernetes_api.store import Store
from tests.support.kubernetes_api.write_rules import require_version

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class ResourcePath:
    """Where a path points: a collection, an object or one of its subresources."""

    kind: Kind
    version: str
    namespace: str
    name: str
    subresource: str

    @property
    def resource(self) -> str:
        """Return the resource as RBAC names it."""
        return f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.plural


def parse_path(path: str) -> ResourcePath | None:
    """Return what `path` points to, or None where nothing is served."""
    match path.strip("/").split("/"):
        case ["api", "v1", *rest]:
            group, version = "", "v1"
        case ["apis", group, version, *rest]:
            pass
        case _:
            return None
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in {"status", "finalize"}:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = (*rest, "", "", "")[:3]
    kind = kinds.find(group, version, plural)
    if kind is None or len(rest) > 3 or (name and kind.namespaced and not namespace):
        return None
    if subresource and not ((subresource == "status" and kind.status) or (subresource == "scale" and kind.scale)):
        return None
    return ResourcePath(kind, version, namespace, name, subresource)


class Requests:
    """Answers a parsed call: (status code, body)."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    def answer(self, place: ResourcePath, call: Call) -> tuple[int, Json]:
        """Do what is asked or raise ApiError."""
        name = place.name
        if not self._faults.allowed(call.verb, place.resource, user=call.user, name=name):
            raise forbidden(
                place.kind, name, place.namespace, user=call.user, verb=call.verb, resource=place.resource
            )  # fmt: skip
        manager = call.query.get("fieldManager") or call.user_agent.partition("/")[0] or "unknown"
        dry_run = call.query.get("dryRun") == "All"
        match call.verb:
            case "get":
                return 200, self._shown(place, self._store.read(place.kind, place.namespace, name))
            case "list":
                return 200, self._list(place, call)
            case "create" if not name:
                item = _json(call.body)
                _check_namespace(place, item)
                made = self._store.create(place.kind, place.namespace, item, manager=manager, dry_run=dry_run)
                return 201, self._shown(place, made)
            case "update" | "patch" if name:
                return 200, self._change(place, call, manager=manager, dry_run=dry_run)
            case "delete" if name and not place.subresource:
                return 200, self._delete(place, call, dry_run=dry_run)
            case _:
                raise ApiError(405)

    def _list(self, place: ResourcePath, call: Call) -> Json:
        labels, fields = call.query.get("labelSelector", ""), call.query.get("fieldSelector", "")
        items = [self._shown(place, i) for i in self._store.list(place.kind, place.namespace, labels, fields)]
        if not place.kind.custom:
            items = [{k: v for k, v in item.items() if k not in {"kind", "apiVersion"}} for item in items]
        version = f"{place.kind.group}/{place.version}" if place.kind.group else place.version
        metadata: Json = {"resourceVersion": self._store.revision}
        start, limit = int(call.query.get("continue") or 0), int(call.query.get("limit") or 0)
        if limit and start + limit < len(items):
            metadata |= {"continue": str(start + limit), "remainingItemCount": len(items) - start - limit}
        items = items[start : start + limit] if limit else items[start:]
        return {"kind": f"{place.kind.kind}List", "apiVersion": version, "metadata": metadata, "items": items}

    def _change(self, place: ResourcePath, call: Call, *, manager: str, dry_run: bool) -> Json:
        body = _json(call.body)
        if call.verb == "update":
            _check_namespace(place, body)
            if body.get("metadata", {}).get("name", place.name) != place.name:
                raise ApiError(400, "the name of the object does not match the name on the URL")
            if not place.subresource:
                require_version(place.kind, body)

        def change(item: Json) -> Json:
            seen = self._shown(place, item)
            if call.verb == "update":
                wanted: Json = body
            elif call.content_type == patch.JSON_PATCH:
                wanted = patch.apply_json_patch(seen, body)
            elif call.content_type == patch.MERGE_PATCH:
                wanted = patch.apply_merge_patch(seen, body)
            else:
                raise ApiError(415)
            return _scaled(item, wanted) if place.subresource == "scale" else wanted

        subresource = "status" if place.subresource == "status" else ""
        changed = self._store.change(
            place.kind, place.namespace, place.name, change, manager=manager, subresource=subresource, dry_run=dry_run
        )
        return self._shown(place, changed)

    def _delete(self, place: ResourcePath, call: Call, *, dry_run: bool) -> Json:
        options: Json = _json(call.body) if call.body else {}
        wanted = options.get("preconditions") or {}
        policy = options.get("propagationPolicy") or call.query.get("propagationPolicy", "")
        grace = options.get("gracePeriodSeconds", call.query.get("gracePeriodSeconds"))
        gone = self._store.delete(
            place.kind, place.namespace, place.name, uid=wanted.get("uid") or "",
            resource_version=wanted.get("resourceVersion") or "", orphan=policy == "Orphan",
            grace_seconds=None if grace is None else int(grace), dry_run=dry_run,
        )  # fmt: skip
        if place.kind.plural == "pods":
            return gone
        details = {"name": place.name, "kind": place.kind.plural, "uid": gone["metadata"]["uid"]}
        details |= {"group": place.kind.group} if place.kind.group else {}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def _shown(self, place: ResourcePath, item: Json) -> Json:
        if place.subresource == "scale":
            return _scale_of(item)
        version = f"{place.kind.group}/{place.version}" if place.kind.group else place.version
        return {**item, "apiVersion": version}


def metadata_only(answer: Json) -> Json:
    """Return a list as the server gives it to a client that asks for a PartialObjectMetadataList."""
    kind: Json = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    items = [{**kind, "metadata": item["metadata"]} for item in answer["items"]]
    return {**kind, "kind": "PartialObjectMetadataList", "metadata": answer["metadata"], "items": items}


def _scale_of(item: Json) -> Json:
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = item["spec"]["selector"].get("matchLabels") or {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: item["metadata"][key] for key in kept},
        "spec": {"replicas": item["spec"]["replicas"]},
        "status": {
            "replicas": item.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def _scaled(item: Json, scale: Json) -> Json:
    item["spec"]["replicas"] = scale.get("spec", {}).get("replicas", 0)
    if version := scale.get("metadata", {}).get("resourceVersion"):
        item["metadata"]["resourceVersion"] = version
    return item


def _check_namespace(place: ResourcePath, item: Json) -> None:
    given = item.get("metadata", {}).get("namespace", place.namespace)
    if place.kind.namespaced and given != place.namespace:
        raise ApiError(400, "the namespace of the provided object does not match the namespace sent on the request")


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body)
    except ValueError as error:
        raise ApiError(400, f"unable to decode: {error}") from error
