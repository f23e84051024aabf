"""Selectors by which a pod template spreads its own pods: they follow the labels of their arm (pure)."""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from typing import Any

from steps.workload.label_selectors import matches

WHEN = ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution")
_OWN = "<its own>"
_Path = tuple[str | int, ...]


def scheduling_selectors(template: Mapping[str, Any]) -> Iterator[tuple[_Path, dict[str, Any]]]:
    """Yield the label selectors of pod (anti-)affinities and topology spreads, each with its path in the template."""
    spec = template.get("spec") or {}
    for kind in ("podAntiAffinity", "podAffinity"):
        rules = (spec.get("affinity") or {}).get(kind) or {}
        for when in WHEN:
            for place, entry in enumerate(rules.get(when) or []):
                inner = ("podAffinityTerm",) if "podAffinityTerm" in entry else ()
                term = entry.get("podAffinityTerm") or entry
                if term.get("labelSelector"):
                    yield ("spec", "affinity", kind, when, place, *inner, "labelSelector"), term["labelSelector"]
    for place, entry in enumerate(spec.get("topologySpreadConstraints") or []):
        if entry.get("labelSelector"):
            yield ("spec", "topologySpreadConstraints", place, "labelSelector"), entry["labelSelector"]


def with_own_selectors(template: dict[str, Any], before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of a template whose selectors select pods with the labels `after` where they selected `before`.

    A selector that selects other pods, or by labels that both have, stays; so does one that lists several values.

    Args:
        template: a pod template.
        before: labels of the pods that it was written for.
        after: labels of the pods that it makes.
    """
    made = deepcopy(template)
    moved = {key: value for key, value in before.items() if key in after and after[key] != value}
    for _, selector in scheduling_selectors(made):
        if moved and matches(selector, before):
            _replace(selector, {key: (value, after[key]) for key, value in moved.items()})
    return made


def without_own_values(template: Mapping[str, Any], arm_keys: Collection[str]) -> dict[str, Any]:
    """Return a copy whose selectors of its own pods have no values of the labels that tell the arms apart."""
    made = deepcopy(dict(template))
    labels = (made.get("metadata") or {}).get("labels") or {}
    own = {key: (labels[key], _OWN) for key in arm_keys if key in labels}
    for _, selector in scheduling_selectors(made):
        if own and matches(selector, labels):
            _replace(selector, own)
    return made


def _replace(selector: dict[str, Any], values: Mapping[str, tuple[str, str]]) -> None:
    """Replace values of labels, key → (old, new), where a selector asks for exactly the old one."""
    wanted = selector.get("matchLabels") or {}
    for key, (old, new) in values.items():
        if wanted.get(key) == old:
            wanted[key] = new
        for entry in selector.get("matchExpressions") or []:
            if (entry.get("key"), entry.get("operator"), entry.get("values")) == (key, "In", [old]):
                entry["values"] = [new]
