"""Merge a patch into a pod template as `kubectl patch` does, for the lists that matter (pure)."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

_LIST_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
}


def merge(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `patch` merged in; neither is changed.

    Objects are merged by key, lists of named entries by name (containers, env, volumes, volumeMounts by
    mountPath), other lists and values are replaced, null removes.
    """
    merged = deepcopy(dict(base))
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            found = merged.get(key)
            merged[key] = merge(found if isinstance(found, Mapping) else {}, value)
        elif key in _LIST_KEYS and isinstance(value, Sequence) and not isinstance(value, str):
            merged[key] = _merge_named(merged.get(key) or [], value, _LIST_KEYS[key])
        else:
            merged[key] = deepcopy(value)
    return merged


def _merge_named(base: Sequence[Any], patch: Sequence[Any], by: str) -> list[Any]:
    merged = [deepcopy(entry) for entry in base]
    places = {entry.get(by): place for place, entry in enumerate(merged)}
    for entry in patch:
        place = places.get(entry.get(by))
        if place is None:
            merged.append(deepcopy(entry))
        else:
            merged[place] = merge(merged[place], entry)
    return merged
