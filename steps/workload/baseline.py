"""The baseline: fresh pods of stable's template behind the canary's destination, a control of the canary's age (pure).

It receives requests where the canary does: a Service spreads them over its pods, so canary and baseline, which have the
same number of pods, get the same share from the same second. Routes keep their two destinations, and stable's Service,
selector, autoscaler and disruption budget never see a pod of it.
"""

from collections.abc import Mapping
from dataclasses import replace

from steps.errors import PermanentError
from steps.workload import label_selectors as label
from steps.workload.arm_selectors import ARM_LABEL, ArmSelectors
from steps.workload.clone import Clone
from steps.workload.template import Template, with_labels

BASELINE_VALUE = "baseline"


def baseline_clone(name: str, template: Template, stable: ArmSelectors, canary: ArmSelectors) -> Clone:
    """Return the baseline Deployment of stable's pod template.

    Its pods carry the labels that the canary's destination requires; a label that only the canary Deployment selects by
    tells the two apart.

    Raises:
        PermanentError: there is no such label, or a selector would match pods of another Deployment.
    """
    free = sorted(label.keys(canary.selector) - set(canary.requires), key=lambda key: (key != ARM_LABEL, key))
    shared = {key: canary.pods[key] for key in label.keys(canary.selector) | set(canary.requires) if key in canary.pods}
    made = {**stable.pods, **shared, **dict.fromkeys(free[:1], BASELINE_VALUE)}
    chosen = {key: made[key] for key in sorted(label.keys(canary.selector)) if key in made}
    arm = replace(canary, deployment=name, selector={"matchLabels": chosen}, pods=made)
    _check_apart(arm, stable, canary)
    return Clone(name, with_labels(template, made), arm.selector)


def baseline_selectors(baseline: Clone, canary: ArmSelectors) -> ArmSelectors:
    """Return the baseline as selectors see it: behind the canary's destination."""
    pods: Mapping[str, str] = baseline.template["metadata"]["labels"]
    return replace(canary, deployment=baseline.name, selector=baseline.selector, pods=pods)


def _check_apart(baseline: ArmSelectors, stable: ArmSelectors, canary: ArmSelectors) -> None:
    doing = f"comparing the selectors of {canary.deployment} and its baseline {baseline.deployment}"
    if label.matches(canary.selector, baseline.pods) or label.matches(baseline.selector, canary.pods):
        own = {**(canary.selector.get("matchLabels") or {}), ARM_LABEL: "canary"}
        raise PermanentError(
            doing,
            f"Deployment {canary.deployment} selects only by labels that Service {canary.service} requires, so the "
            f"baseline's pods would count as its own. Add to Deployment {canary.deployment} and its pod template "
            f"(a selector is immutable, so recreate the Deployment; `kubectl delete --cascade=orphan` keeps its pods "
            f"serving):\nselector:\n  matchLabels:\n{label.as_yaml(own, 4)}\nor release without --baseline.",
        )
    if label.matches(stable.selector, baseline.pods) or label.contains(stable.requires, baseline.pods):
        raise PermanentError(
            doing,
            f"the selectors for pods of {stable.deployment} also match the baseline's "
            f"({label.as_text(baseline.pods)}). Release without --baseline.",
        )
