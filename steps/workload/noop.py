"""Whether a release would change anything (pure)."""

from collections.abc import Collection, Mapping
from typing import Any

from steps.model.workload import Noop
from steps.workload.template import containers, fingerprint


def detect_noop(
    stable: Mapping[str, Any],
    wanted: Mapping[str, Any],
    arm_keys: Collection[str],
    running: Mapping[str, set[str]],
) -> Noop:
    """Return whether stable already runs the wanted template.

    Args:
        stable: stable's pod template.
        wanted: the canary's.
        arm_keys: label keys that tell the arms apart.
        running: container → digests that stable's ready pods run.
    """
    if fingerprint(stable, arm_keys) == fingerprint(wanted, arm_keys):
        return Noop.LOOK if any(map(_may_move, containers(wanted))) else Noop.YES
    images = {str(entry["name"]): str(entry.get("image", "")) for entry in containers(wanted)}
    if _without_images(stable, arm_keys) != _without_images(wanted, arm_keys):
        return Noop.NO
    present = {str(entry["name"]): str(entry.get("image", "")) for entry in containers(stable)}
    changed = {name: image for name, image in images.items() if present.get(name) != image}
    if all(running.get(name) == {image.rpartition("@")[2]} for name, image in changed.items() if "@" in image):
        return Noop.YES if all("@" in image for image in changed.values()) else Noop.NO
    return Noop.NO


def _may_move(container: Mapping[str, Any]) -> bool:
    return container.get("imagePullPolicy") == "Always" and "@" not in str(container.get("image", ""))


def _without_images(template: Mapping[str, Any], arm_keys: Collection[str]) -> str:
    spec = template["spec"]
    bare = {
        key: [{name: value for name, value in entry.items() if name != "image"} for entry in spec.get(key) or []]
        for key in ("containers", "initContainers")
    }
    return fingerprint({**template, "spec": {**spec, **bare}}, arm_keys)
