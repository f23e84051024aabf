"""Argo CD's comparison and sync of one object, by the rules of an Application; jq is the real one.

As in Argo CD 3.4: `ignoreDifferences` takes fields out of Git's object and of the live one, each by itself, and with
`RespectIgnoreDifferences` a sync applies Git's object with these fields as they are live.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import jq

from tests.support.gitops.differences import missing
from tests.support.kubernetes_api.kinds import Json

Path = tuple[str, ...]
_MISSING = object()


class Application:
    """An Application; only its rules count here."""

    def __init__(self, manifest: Json) -> None:
        spec = manifest["spec"]
        assert "RespectIgnoreDifferences=true" in spec["syncPolicy"]["syncOptions"]
        self._rules: list[Json] = spec["ignoreDifferences"]

    def out_of_sync(self, git: Json, live: Json) -> list[str]:
        """Return the fields that Argo CD shows as different, [] for Synced."""
        return missing(*self._normalized(git, live))

    def applied(self, git: Json, live: Json) -> Json:
        """Return what a sync applies."""
        target, shown = self._normalized(git, live)
        kept: Json = _put_back(target, shown, live, is_keyed=git["kind"] == "Deployment")
        return kept

    def _normalized(self, git: Json, live: Json) -> tuple[Json, Json]:
        target, shown = deepcopy(git), deepcopy(live)
        for rule in self._rules:
            if _matches(rule, git):
                for path in list(_owned(live, rule.get("managedFieldsManagers", []))):
                    if _value(target, path) is not _MISSING and _value(target, path) != _value(shown, path):
                        _remove(target, path)
                        _remove(shown, path)
                for expression in rule.get("jqPathExpressions", []):
                    target, shown = (_without(expression).input_value(one).first() for one in (target, shown))
        return target, shown


@cache
def _without(expression: str) -> Any:  # noqa: ANN401 - jq ships no types
    return jq.compile(f"del({expression})")


def _matches(rule: Json, obj: Json) -> bool:
    group = obj["apiVersion"].rpartition("/")[0]
    return (rule["group"], rule["kind"], rule.get("name", obj["metadata"]["name"])) == (
        group, obj["kind"], obj["metadata"]["name"],
    )  # fmt: skip


def _owned(live: Json, managers: list[str]) -> Iterator[Path]:
    for entry in live["metadata"].get("managedFields", []):
        if entry["manager"] in managers:
            yield from _leaves(entry["fieldsV1"])


def _leaves(fields: Json, path: Path = ()) -> Iterator[Path]:
    for key, below in fields.items():
        if below:
            yield from _leaves(below, (*path, key))
        elif key != ".":
            yield (*path, key)


def _step(place: Any, key: str) -> Any:  # noqa: ANN401 - JSON
    if key.startswith("f:") and isinstance(place, dict):
        return place.get(key[2:], _MISSING)
    if key.startswith("k:") and isinstance(place, list):
        wanted = json.loads(key[2:]).items()
        return next((one for one in place if wanted <= one.items()), _MISSING)
    return _MISSING


def _value(obj: Any, path: Path) -> Any:  # noqa: ANN401 - JSON
    for key in path:
        obj = _step(obj, key)
    return obj


def _remove(obj: Json, path: Path) -> None:
    *parents, last = path
    place = _value(obj, tuple(parents))
    if isinstance(place, dict):
        place.pop(last[2:], None)
    elif isinstance(place, list):
        place.remove(_step(place, last))


def _put_back(target: Any, shown: Any, live: Any, *, is_keyed: bool) -> Any:  # noqa: ANN401 - JSON
    """Put back what was taken out of the live object: Argo CD merges the difference between `shown` and `live`.

    Lists of built-in kinds are merged by name; a custom resource's are replaced as a whole.
    """
    if shown == live:
        return target
    if isinstance(target, dict) and isinstance(shown, dict) and isinstance(live, dict):
        differs = {key for key in live if key not in shown or shown[key] != live[key]}
        return {**target, **{
            key: _put_back(target.get(key), shown.get(key, _MISSING), live[key], is_keyed=is_keyed) for key in differs
        }}  # fmt: skip
    if is_keyed and all(isinstance(part, list) for part in (target, shown, live)):
        by_name = [{one["name"]: one for one in part} for part in (shown, live)]
        return [_put_back(one, *(part.get(one["name"]) for part in by_name), is_keyed=True) for one in target]
    return deepcopy(live)
