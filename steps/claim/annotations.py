"""JSON Patch operations (RFC 6902) on a VirtualService as it was read. Nothing else is ever written."""

from collections.abc import Iterable, Mapping

from steps.claim.keys import claim_key
from steps.cluster.api import Object, Operation
from steps.cluster.connection import USER_AGENT
from steps.model.run import CLAIM_PREFIX, CLAIMED_LABEL
from steps.traffic.routes import Route

CLAIMED = "true"


def pointer(*parts: str | int) -> str:
    """Return a JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def annotations(obj: Object) -> Mapping[str, str]:
    """Return the annotations, {} where there are none."""
    return obj["metadata"].get("annotations") or {}


def labels(obj: Object) -> Mapping[str, str]:
    """Return the labels, {} where there are none."""
    return obj["metadata"].get("labels") or {}


def unchanged(obj: Object) -> list[Operation]:
    """Test that nobody wrote the object since it was read.

    Absence cannot be tested otherwise: servers disagree about `test` of null on a path that is not there.
    """
    return [_test(obj["metadata"]["resourceVersion"], "metadata", "resourceVersion")]


def same_annotations(obj: Object, keys: Iterable[str]) -> list[Operation]:
    """Test that annotations are as they were read; those that were absent are not tested."""
    present = annotations(obj)
    return [_test(present[key], "metadata", "annotations", key) for key in keys if key in present]


def same_token(obj: Object, app: str) -> list[Operation]:
    """Test that the claim on the object is as it was read: same owner, same phase."""
    return same_annotations(obj, [claim_key(app)])


def annotate(obj: Object, changes: Mapping[str, str | None]) -> list[Operation]:
    """Set annotations, or remove them (None), where they are not so already."""
    return _edit(obj, "annotations", annotations(obj), changes)


def mark(obj: Object) -> list[Operation]:
    """Set the label by which sweep finds the object."""
    return _edit(obj, "labels", labels(obj), {CLAIMED_LABEL: CLAIMED})


def unmark(obj: Object, claim_annotation: str) -> list[Operation]:
    """Remove the label, unless another app has a claim on the object, too."""
    others = [key for key in annotations(obj) if key.startswith(CLAIM_PREFIX) and key != claim_annotation]
    return [] if others else _edit(obj, "labels", labels(obj), {CLAIMED_LABEL: None})


def weigh(route: Route, canary: int, *, lenient: bool = False) -> list[Operation]:
    """Give the canary its weight (0-100) and stable the remainder; [] if it is so already.

    Args:
        route: as read.
        canary: its weight.
        lenient: leave what a foreign third destination has, where otherwise no such route is written.
    """
    others = route.others if lenient else 0
    stable = max(0, 100 - canary - others)
    if not canary and not stable and not others:
        stable = 100
    if (route.stable, route.canary) == (stable, canary):
        return []
    at = ("spec", "http", route.index)
    tests = [_test(route.name, *at, "name")] if route.name else []
    # Two unnamed routes may have equal destinations: what they match tells them apart.
    tests += [_test(route.body["match"], *at, "match")] if "match" in route.body else []
    tests += [_test(route.body["route"], *at, "route")]
    sides = ((route.stable_at, stable), (route.canary_at, canary))
    return [*tests, *(_add(weight, *at, "route", place, "weight") for place, weight in sides)]


def disown(obj: Object) -> list[Operation]:
    """Remove our entries of `managedFields`.

    Writing a weight makes us the manager of `spec.http`; left there, the next server-side apply by a GitOps tool that
    changes a route would be refused as a conflict with us.
    """
    entries = obj["metadata"].get("managedFields") or []
    ours = [place for place, entry in enumerate(entries) if entry.get("manager") == USER_AGENT]
    if ours and len(ours) == len(entries):
        # An empty list means "as it was" to the server, one empty entry means "nobody".
        return [_add([{}], "metadata", "managedFields")]
    return [{"op": "remove", "path": pointer("metadata", "managedFields", place)} for place in reversed(ours)]


def _edit(obj: Object, part: str, present: Mapping[str, str], changes: Mapping[str, str | None]) -> list[Operation]:
    operations: list[Operation] = []
    for key, value in changes.items():
        if value is None and key in present:
            operations.append({"op": "remove", "path": pointer("metadata", part, key)})
        if value is not None and present.get(key) != value:
            operations.append(_add(value, "metadata", part, key))
    if operations and obj["metadata"].get(part) is None:
        operations.insert(0, _add({}, "metadata", part))
    return operations


def _test(value: object, *path: str | int) -> Operation:
    return {"op": "test", "path": pointer(*path), "value": value}


def _add(value: object, *path: str | int) -> Operation:
    return {"op": "add", "path": pointer(*path), "value": value}
