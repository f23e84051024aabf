"""Objects as proxies and kubelets see them: where routes lead, and which pods answer there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steps.model.run import CLAIMED_LABEL, RECORD_PREFIX
from tests.support.kubernetes_api.json_copy import copied
from tests.support.kubernetes_api.kinds import DESTINATION_RULE, SERVICE, Json
from tests.support.kubernetes_api.store import Store
from tests.support.shop_release import NAMESPACE

OUR_PREFIX = "canary-steps.io/"


@dataclass(frozen=True)
class Place:
    """Where a route leads.

    Args:
        host: name of the Service.
        subset: of the DestinationRule, "" without one.
    """

    host: str
    subset: str = ""


def place_of(entry: Json) -> Place:
    """Return where an entry of a route leads."""
    destination = entry.get("destination") or {}
    return Place(str(destination.get("host", "")).partition(".")[0], str(destination.get("subset") or ""))


def places_with_weight(service: Json) -> Iterator[Place]:
    """Return where a VirtualService sends requests."""
    for rule in service["spec"].get("http") or []:
        entries = rule.get("route") or []
        for entry in entries:
            if entry.get("weight", 100 if len(entries) == 1 else 0) > 0:
                yield place_of(entry)


def canary_side(service: Json, host: Place) -> int:
    """Return the largest weight that a place has on routes with more than one entry."""
    routes = [rule.get("route") or [] for rule in service["spec"].get("http") or []]
    weights = [one.get("weight", 0) for route in routes if len(route) > 1 for one in route if place_of(one) == host]
    return max(weights, default=0)


def selector_of(store: Store, place: Place) -> dict[str, str]:
    """Return the labels of the pods that answer at a place, {} where none is there."""
    objects = store._objects  # noqa: SLF001 - read without copies
    service = objects.get((SERVICE.plural, NAMESPACE, place.host))
    if service is None:
        return {}
    chosen = dict(service["spec"].get("selector") or {})
    if place.subset:
        rule = objects.get((DESTINATION_RULE.plural, NAMESPACE, place.host), {"spec": {}})
        subsets = rule["spec"].get("subsets") or []
        found: Json = next((one for one in subsets if one["name"] == place.subset), {})
        chosen |= found.get("labels") or {"": "no such subset"}
    return chosen


def serves(pod: Json, chosen: dict[str, str]) -> bool:
    """Return whether a pod is chosen by labels."""
    labels = pod["metadata"].get("labels") or {}
    return bool(chosen) and all(labels.get(key) == value for key, value in chosen.items())


def is_ready(pod: Json) -> bool:
    """Return whether a pod gets requests."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod.get("status", {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def ours_removed(service: Json, arms: tuple[Place, Place]) -> Json:
    """Return a VirtualService without what we may change: the weights of the arms, our marks, the bookkeeping."""
    item = copied(service)
    metadata = item["metadata"]
    for field in ("resourceVersion", "generation", "managedFields"):
        metadata.pop(field, None)
    for field in ("annotations", "labels"):
        kept = {key: value for key, value in (metadata.pop(field, None) or {}).items() if not _is_ours(key)}
        metadata |= {field: kept} if kept else {}
    for rule in item["spec"].get("http") or []:
        for entry in rule.get("route") or []:
            if place_of(entry) in arms:
                entry.pop("weight", None)
    return item


def marks_of(item: Json) -> list[str]:
    """Return the names of our annotations and our label on an object, except for the record of the last run."""
    metadata = item["metadata"]
    labels = [CLAIMED_LABEL] if CLAIMED_LABEL in (metadata.get("labels") or {}) else []
    annotations = [key for key in metadata.get("annotations") or {} if _is_ours(key)]
    return [*labels, *(key for key in annotations if not key.startswith(RECORD_PREFIX))]


def _is_ours(key: str) -> bool:
    return key.startswith(OUR_PREFIX) or key == CLAIMED_LABEL
