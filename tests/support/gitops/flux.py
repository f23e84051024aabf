"""What kustomize-controller compares and applies of one object, by the rules of `spec.ignore` of a Kustomization.

As in kustomize-controller 1.9: ignored paths do not count as drift, and if another field differs, the payload gets
their live values, since nobody else applies them.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import jsonpatch
from jsonpointer import resolve_pointer

from tests.support.gitops.differences import missing
from tests.support.kubernetes_api.kinds import Json


class Kustomization:
    """A Kustomization, or a HelmRelease's drift detection; only its rules count here."""

    def __init__(self, rules: list[Json]) -> None:
        self._rules = rules

    def drift(self, git: Json, live: Json) -> list[str]:
        """Return the fields that make the controller apply the object again."""
        return missing(*(_without(obj, self._paths(git)) for obj in (git, live)))

    def applied(self, git: Json, live: Json) -> Json:
        """Return what the controller applies once anything else differs."""
        found = [(path, resolve_pointer(live, path, None)) for path in self._paths(git)]
        kept = [{"op": "replace", "path": path, "value": value} for path, value in found if value is not None]
        made: Json = jsonpatch.apply_patch(deepcopy(git), kept)
        return made

    def _paths(self, obj: Json) -> list[str]:
        return [path for rule in self._rules if _matches(rule["target"], obj) for path in rule["paths"]]


def _matches(target: Json, obj: Json) -> bool:
    group = obj["apiVersion"].rpartition("/")[0]
    seen = {"group": group, "kind": obj["kind"], "name": obj["metadata"]["name"]}
    return all(re.fullmatch(target[key], value) for key, value in seen.items() if key in target)


def _without(obj: Json, paths: list[str]) -> Any:  # noqa: ANN401 - JSON
    found = [path for path in paths if resolve_pointer(obj, path, None) is not None]
    return jsonpatch.apply_patch(deepcopy(obj), [{"op": "remove", "path": path} for path in found])
