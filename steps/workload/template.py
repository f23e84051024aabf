"""Pod templates: fingerprints, and the canary's or stable's next one (pure)."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from typing import Any

from steps.errors import PermanentError
from steps.workload.scheduling import with_own_selectors, without_own_values
from steps.workload.strategic_merge import merge

Template = dict[str, Any]

HASH_LABEL = "pod-template-hash"
SIDECAR = "istio-proxy"
"""The mesh's container: where a template names it, that only changes how the proxy is injected."""

RESTARTED = "kubectl.kubernetes.io/restartedAt"


def fingerprint(template: Mapping[str, Any], arm_keys: Collection[str]) -> str:
    """Return 16 hex digits that change with anything in a template that changes how its pods behave.

    Both sides of a comparison come from the API server, so defaults are filled in on both. `kubectl rollout restart`
    does not change it. Selectors of its own pods count without the labels that tell the arms apart.

    Args:
        template: a pod template as read.
        arm_keys: label keys that tell the arms apart, left out.
    """
    template = without_own_values(template, arm_keys) if arm_keys else template
    meta = template.get("metadata") or {}
    kept_labels = _without(meta.get("labels") or {}, {HASH_LABEL, *arm_keys})
    kept_annotations = _without(meta.get("annotations") or {}, {RESTARTED})
    canonical = json.dumps([kept_labels, kept_annotations, template.get("spec")], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def containers(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the containers and init containers that a template names, without the mesh's sidecar."""
    spec = template.get("spec") or {}
    every = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    return [entry for entry in every if entry.get("name") != SIDECAR]


def released_container(template: Mapping[str, Any], name: str, owner: str) -> dict[str, Any]:
    """Return the container that is released: the named one, or the only one; never the mesh's sidecar.

    Raises:
        PermanentError: there are several and none is named, or there is none of this name.
    """
    known: dict[str, dict[str, Any]] = {
        str(entry["name"]): entry
        for entry in (template.get("spec") or {}).get("containers") or []
        if entry["name"] != SIDECAR
    }
    shown = ", ".join(known)
    if name:
        if name not in known:
            raise PermanentError(
                f"looking for container {name} in {owner}",
                f"spec.template.spec.containers has {shown}. Name one of these with --container.",
            )
        return known[name]
    if len(known) > 1:
        raise PermanentError(
            f"choosing the container of {owner}",
            f"spec.template.spec.containers has several ({shown}). Name the one that gets the image with --container.",
        )
    if not known:
        raise PermanentError(f"choosing the container of {owner}", f"it has no container but the mesh's {SIDECAR}.")
    return next(iter(known.values()))


def with_changes(
    template: Mapping[str, Any], container: str, image: str, env: Mapping[str, str], patch: Mapping[str, Any]
) -> Template:
    """Return a copy of a template with an image, environment variables and a patch applied."""
    made = merge(template, patch)
    made.get("metadata", {}).get("labels", {}).pop(HASH_LABEL, None)
    target = released_container(made, container, "the patched template")
    if image:
        target["image"] = image
    for name, value in env.items():
        entries = target.setdefault("env", [])
        found = next((entry for entry in entries if entry["name"] == name), None)
        if found is None:
            entries.append({"name": name, "value": value})
        else:
            found.clear()
            found.update(name=name, value=value)
    return made


def with_labels(template: Mapping[str, Any], labels: Mapping[str, str]) -> Template:
    """Return a copy of a template with these labels and no others; selectors of its own pods follow them."""
    before = (template.get("metadata") or {}).get("labels") or {}
    made = with_own_selectors(dict(template), before, labels)
    made.setdefault("metadata", {})["labels"] = dict(labels)
    return made


def promoted_template(canary: Mapping[str, Any], stable: Mapping[str, Any], arm_keys: Iterable[str]) -> Template:
    """Return the canary's template as stable's: stable keeps its own arm labels and its own restart time.

    Selectors of the canary's own pods select stable's, so that stable keeps its spread.
    """
    own, theirs = stable.get("metadata") or {}, (canary.get("metadata") or {}).get("labels") or {}
    labels = _taken(theirs, own.get("labels"), {HASH_LABEL, *arm_keys})
    made = with_own_selectors(dict(canary), theirs, labels)
    meta = made.setdefault("metadata", {})
    meta["labels"] = labels
    annotations = _taken(meta.get("annotations"), own.get("annotations"), {RESTARTED})
    meta.pop("annotations", None)
    if annotations:
        meta["annotations"] = annotations
    return made


def from_replica_set(template: Mapping[str, Any]) -> Template:
    """Return a ReplicaSet's template as a Deployment's."""
    made = deepcopy(dict(template))
    made.get("metadata", {}).get("labels", {}).pop(HASH_LABEL, None)
    return made


def _taken(
    source: Mapping[str, str] | None, own: Mapping[str, str] | None, own_keys: Collection[str]
) -> dict[str, str]:
    kept = {key: value for key, value in (own or {}).items() if key in own_keys and key != HASH_LABEL}
    return {**_without(source or {}, own_keys), **kept}


def _without(values: Mapping[str, str], dropped: Collection[str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key not in dropped}
