"""Labels and Service of the other arm: each arm needs its own Service where the arms are two hosts."""

from collections.abc import Mapping
from copy import deepcopy

from steps.cluster.api import Object
from steps.cluster.kinds import SERVICE
from steps.manifests.manifest import Manifest
from steps.workload.arm_selectors import ArmSelectors, canary_labels

_COPIED = ("name", "port", "targetPort", "protocol", "appProtocol")


def arm_service(service: Object, deployment: Object, name: str, other: str) -> Manifest:
    """Return the Service of the other arm: the same ports, for the pods of Deployment `other` alone.

    Args:
        service: of the arm that exists.
        deployment: its Deployment.
        name: of the new Service.
        other: Deployment of the new arm.
    """
    selector = arm_selector(service["spec"].get("selector") or {}, deployment, other)
    ports = [
        {key: deepcopy(port[key]) for key in _COPIED if key in port} for port in service["spec"].get("ports") or []
    ]
    why = f"Sends requests to the pods of Deployment {other} only: the two arms of a release must not share pods."
    body = {"spec": {"selector": selector, "ports": ports}}
    return Manifest(SERVICE, service["metadata"]["namespace"], name, body, why)


def arm_labels(deployment: Object, other: str) -> dict[str, str]:
    """Return the pod labels of the other arm: those of a Deployment, with the other's name in place of its own."""
    template = deployment["spec"]["template"]["metadata"].get("labels") or {}
    arm = ArmSelectors(deployment["metadata"]["name"], deployment["spec"]["selector"], template, "", {}, {})
    made = canary_labels(arm, other, {})
    chosen = deployment["spec"]["selector"].get("matchLabels") or {}
    if all(made.get(key) == value for key, value in chosen.items()):
        key = "app" if "app" in chosen else min(chosen, default="app")
        made[key] = other
    return made


def arm_selector(selector: Mapping[str, str], deployment: Object, other: str) -> dict[str, str]:
    """Return a selector for the other arm's pods: the keys of this one, and the keys in which the two differ."""
    made = arm_labels(deployment, other)
    template = deployment["spec"]["template"]["metadata"].get("labels") or {}
    keys = [*selector, *(key for key, value in made.items() if template.get(key) != value and key not in selector)]
    return {key: made[key] for key in keys if key in made}
