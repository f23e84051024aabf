"""What a write may change and what it does to the metadata, for all kinds."""

from __future__ import annotations

from tests.support.kubernetes_api.errors import ApiError, invalid
from tests.support.kubernetes_api.json_copy import copied
from tests.support.kubernetes_api.kinds import Json, Kind


def merged(kind: Kind, old: Json, asked: Json, subresource: str) -> Json:
    """Keep what the caller of this (sub)resource may not write."""
    if subresource == "status":
        new = copied(old)
        new["status"] = copied(asked.get("status", {}))
        # The Deployment controller writes its revision annotation this way, so that no generation is raised.
        new["metadata"] |= {"annotations": dict(asked["metadata"].get("annotations") or {})}
        prune(new["metadata"])
        return new
    new = copied(asked)
    if kind.status:
        new.pop("status", None)
        new |= {"status": copied(old["status"])} if "status" in old else {}
    new["apiVersion"], new["kind"] = old["apiVersion"], old["kind"]
    for field in ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion", "managedFields",
                  "deletionTimestamp", "deletionGracePeriodSeconds"):  # fmt: skip
        new["metadata"].pop(field, None)
        if field in old["metadata"]:
            value = old["metadata"][field]
            new["metadata"][field] = copied(value) if field == "managedFields" else value
    prune(new["metadata"])
    return new


def prune(metadata: Json) -> None:
    """Refuse values that are not strings, and drop empty maps and lists, which the server does not store."""
    for field in ("labels", "annotations"):
        for key, value in (metadata.get(field) or {}).items():
            if not isinstance(value, str):
                where = f"metadata.{field}.{key}"
                message = f"json: cannot unmarshal {type(value).__name__} into Go struct field {where} of type string"
                raise ApiError(400, message)
    for field in ("labels", "annotations", "ownerReferences", "finalizers"):
        if field in metadata and not metadata[field]:
            del metadata[field]


def raises_generation(kind: Kind, old: Json, new: Json) -> bool:
    """Return whether this change of an object counts as a new generation."""
    if kind.generation == "none":
        return False
    annotated = old["metadata"].get("annotations") != new["metadata"].get("annotations")
    if kind.generation == "spec-and-annotations" and annotated:
        return True
    return bool(old.get("spec") != new.get("spec"))


def without_managers(item: Json) -> Json:
    """Return the object as compared to find out whether a write changes anything."""
    return item | {"metadata": {k: v for k, v in item["metadata"].items() if k != "managedFields"}}


def require_version(kind: Kind, item: Json) -> None:
    """Raise the 422 of a PUT of a custom resource that does not say which revision it replaces."""
    metadata = item.get("metadata", {})
    if kind.custom and not metadata.get("resourceVersion"):
        wrong = "Invalid value: 0: must be specified for an update"
        raise invalid(kind, metadata.get("name", ""), [("metadata.resourceVersion", wrong)])
