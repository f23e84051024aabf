"""`metadata.managedFields`: who set which field last, by Update operations.

Precise enough to answer "who wrote /spec/http last": each leaf (a plain value, or a list as a whole where the schema
says atomic, as all lists of Istio's CRDs are) belongs to the managers that wrote its present value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.support.kubernetes_api.kinds import Json, Kind

Path = tuple[str, ...]

_KEYED_LISTS = {
    "containers": ("name",), "initContainers": ("name",), "env": ("name",), "volumes": ("name",),
    "volumeMounts": ("mountPath",), "ownerReferences": ("uid",), "conditions": ("type",),
}  # fmt: skip
_ATOMIC_MAPS = {"selector", "matchLabels"}
_TRACKED_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")
_MARKED_MAPS = {"f:labels", "f:annotations"}


def _leaves(value: object, path: Path, *, builtin: bool) -> Iterator[tuple[Path, object]]:
    name = path[-1].removeprefix("f:") if path else ""
    keys: tuple[str, ...] = _KEYED_LISTS.get(name, ()) if builtin or "f:metadata" in path else ()
    if name == "ports" and builtin and "f:spec" in path:
        keys = ("containerPort", "protocol") if "f:template" in path else ("port", "protocol")
    if isinstance(value, dict) and value and not (builtin and name in _ATOMIC_MAPS):
        if name and path[-1] in _MARKED_MAPS:
            yield (*path, "."), None
        for key, child in value.items():
            yield from _leaves(child, (*path, f"f:{key}"), builtin=builtin)
    elif isinstance(value, list) and keys and all(isinstance(one, dict) for one in value):
        for one in value:
            element = "k:" + json.dumps({key: one[key] for key in keys if key in one}, separators=(",", ":"))
            yield (*path, element, "."), None
            yield from _leaves(one, (*path, element), builtin=builtin)
    else:
        yield path, value


def _tracked(item: Json, subresource: str) -> Json:
    if subresource == "status":
        return {"status": item.get("status", {})}
    metadata = {key: value for key, value in item.get("metadata", {}).items() if key in _TRACKED_METADATA and value}
    body = {key: value for key, value in item.items() if key not in {"apiVersion", "kind", "metadata", "status"}}
    return {"metadata": metadata, **body}


def _differing_leaves(kind: Kind, item: Json, other: Json) -> dict[Path, object]:
    """Return the leaves of the parts that another object does not have likewise: those of equal parts never matter."""
    parts: Json = {}
    for key, value in item.items():
        beside, part = other.get(key), value
        if isinstance(value, dict) and isinstance(beside, dict):
            part = {name: child for name, child in value.items() if name not in beside or beside[name] != child}
        if part and part != beside:
            parts[key] = part
    return dict(_leaves(parts, (), builtin=not kind.custom)) if parts else {}


def _to_set(fields: Json, path: Path = ()) -> set[Path]:
    found: set[Path] = set()
    for key, child in fields.items():
        found |= _to_set(child, (*path, key)) if child else {(*path, key)}
    return found


def _to_fields(paths: set[Path]) -> Json:
    fields: Json = {}
    for path in sorted(paths):
        place = fields
        for element in path:
            place = place.setdefault(element, {})
    return fields


def record(
    kind: Kind, old: Json | None, new: Json, *, manager: str, now: str, subresource: str = "", given: object = None
) -> None:
    """Write into `new` who manages its fields now, given the old object and who changed it.

    `given` are the entries that the request itself has, from which a client may remove some; none or an empty list
    means those of the old object, and an empty entry is nobody.
    """
    parts, beside = _tracked(new, subresource), _tracked(old, subresource) if old else {}
    before = _differing_leaves(kind, beside, parts)
    after = _differing_leaves(kind, parts, beside)
    missing = object()
    changed = {path for path, value in after.items() if before.get(path, missing) != value}
    touched = changed | (set(before) - set(after))
    entries: list[Json] = []
    mine: Json | None = None
    known = given if isinstance(given, list) and given else (old or {}).get("metadata", {}).get("managedFields", [])
    for entry in filter(None, known):
        is_mine = (entry["manager"], entry["operation"], entry.get("subresource", "")) == (
            manager, "Update", subresource,
        )  # fmt: skip
        if not touched or entry.get("subresource", "") != subresource:
            entries.extend([entry] if entry["fieldsV1"] else [])
            continue
        owned = _to_set(entry["fieldsV1"]) - touched
        kept = {**entry, "fieldsV1": _to_fields(owned | (changed if is_mine else set()))}
        if is_mine and changed:
            kept["time"] = now
            mine = kept
        if kept["fieldsV1"]:
            entries.append(kept)
    if mine is None and changed:
        mine = {
            "manager": manager,
            "operation": "Update",
            "apiVersion": new.get("apiVersion", kind.api_version),
            "time": now,
            "fieldsType": "FieldsV1",
            "fieldsV1": _to_fields(changed),
        }
        entries.append(mine | ({"subresource": subresource} if subresource else {}))
    new["metadata"]["managedFields"] = entries
