"""JSON Patch and merge patch, with the answers of a real API server when one cannot be applied."""

from __future__ import annotations

from typing import Any

import jsonpatch

from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.json_copy import copied
from tests.support.kubernetes_api.kinds import Json

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"


def apply_json_patch(item: Json, operations: Any) -> Json:  # noqa: ANN401 - whatever the client sent
    """Return `item` with all operations applied.

    Raises:
        ApiError: 400 if it is not a JSON Patch, 422 without any detail (as the real server) if an operation,
            also a `test`, does not hold.

    """
    if not isinstance(operations, list) or not all(isinstance(one, dict) and "op" in one for one in operations):
        raise ApiError(400, "json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    # Where a member is absent, the server's library holds a test for null true, and a replace adds it; RFC 6902 and
    # jsonpatch do neither.
    patched: Json = copied(item)
    for operation in operations:
        name, is_absent = operation["op"], _absent(patched, operation.get("path", ""))
        if name == "test" and operation.get("value") is None and is_absent:
            continue
        lenient = operation | {"op": "add"} if name == "replace" and is_absent else operation
        try:
            patched = jsonpatch.JsonPatch([lenient]).apply(patched, in_place=True)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError) as error:
            raise ApiError(422) from error
    return patched


def _absent(item: Json, path: str) -> bool:
    """Return whether the place exists and has no such member; a place that does not exist fails the test."""
    parent, _, member = path.rpartition("/")
    try:
        place = jsonpatch.JsonPointer(parent).resolve(item)
    except jsonpatch.JsonPointerException:
        return False
    return isinstance(place, dict) and member.replace("~1", "/").replace("~0", "~") not in place


def apply_merge_patch(item: Any, patch: Any) -> Any:  # noqa: ANN401 - RFC 7396 is about any JSON value
    """Return `item` merged with `patch` by RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged: Json = dict(item) if isinstance(item, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = apply_merge_patch(merged.get(key), value)
    return merged
