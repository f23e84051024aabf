"""Labels of the other arm's pods, and the selector that sends requests to them alone (pure)."""

from collections.abc import Mapping

from steps.cluster.api import Object
from steps.survey.objects import pod_labels
from steps.workload.arm_selectors import ArmSelectors, canary_labels


def arm_labels(deployment: Object, other: str) -> dict[str, str]:
    """Return the pod labels of an arm to be made: those of a Deployment, with the other's name in place of its own."""
    template = dict(pod_labels(deployment))
    arm = ArmSelectors(deployment["metadata"]["name"], deployment["spec"]["selector"], template, "", {}, {})
    made = canary_labels(arm, other, {})
    chosen = deployment["spec"]["selector"].get("matchLabels") or {}
    if all(made.get(key) == value for key, value in chosen.items()):
        key = "app" if "app" in chosen else min(chosen, default="app")
        made[key] = other
    return made


def arm_selector(selector: Mapping[str, str], deployment: Object, labels: Mapping[str, str]) -> dict[str, str]:
    """Return a selector for the other arm's pods.

    Args:
        selector: of the Service of the arm that exists.
        deployment: of that arm.
        labels: of the other arm's pods.
    """
    mine = pod_labels(deployment)
    chosen = {*selector, *(deployment["spec"]["selector"].get("matchLabels") or {})}
    keys = [*selector, *(key for key in labels if key in chosen - set(selector) and mine.get(key) != labels[key])]
    kept = {key: labels[key] for key in keys if key in labels}
    differing = {key: value for key, value in labels.items() if mine.get(key) != value}
    return kept if any(key in differing for key in kept) else {**kept, **differing}
