"""The two arms must be disjoint: every selector matches pods of its own arm only (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from steps.errors import PermanentError
from steps.workload import label_selectors as label
from steps.workload.label_selectors import Selector

_LABEL_LIMIT = 63
ARM_LABEL = "canary-steps.io/arm"
"""Tells canary and baseline apart: they share all labels that the canary's destination requires."""


@dataclass(frozen=True, slots=True)
class ArmSelectors:
    """One side of the comparison, as selectors see it.

    Args:
        deployment: name of the Deployment.
        selector: its `spec.selector`.
        pods: labels of its pod template.
        service: name of the Service its routes send requests to.
        subset: labels of the DestinationRule's subset, {} for none.
        service_selector: the Service's `spec.selector`.
    """

    deployment: str
    selector: Selector
    pods: Mapping[str, str]
    service: str
    subset: Mapping[str, str]
    service_selector: Mapping[str, str]

    @property
    def requires(self) -> dict[str, str]:
        """Labels that a pod needs to receive requests for this arm's destination."""
        return {**self.service_selector, **self.subset}


def canary_labels(stable: ArmSelectors, canary: str, requires: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of the canary's pods, made from those of stable's.

    Where stable's selector uses stable's name, the canary's pods carry the canary's name. Labels that the canary's
    destination requires win, so subsets of one host keep `app` and differ in `version`.

    Raises:
        PermanentError: a label would be longer than the 63 characters Kubernetes allows.
    """
    made = dict(stable.pods)
    for key in label.keys(stable.selector):
        if made.get(key) == stable.deployment:
            made[key] = canary
    made.update(requires)
    for key, value in made.items():
        if len(value) > _LABEL_LIMIT:
            raise PermanentError(
                f"naming the canary of Deployment {stable.deployment}",
                f"its pods' label {key}={value} would have {len(value)} characters, Kubernetes allows {_LABEL_LIMIT}. "
                f"Choose a shorter name for the canary (--canary).",
            )
    return made


def canary_selector(
    stable: ArmSelectors, made: Mapping[str, str], requires: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return the canary Deployment's selector: stable's keys and those that tell the arms apart at its destination."""
    told_apart = {key for key, value in requires.items() if stable.pods.get(key) != value} | {ARM_LABEL}
    return {"matchLabels": {key: made[key] for key in sorted(label.keys(stable.selector) | told_apart) if key in made}}


def check_disjoint(stable: ArmSelectors, canary: ArmSelectors) -> None:
    """Refuse arms if a selector matches the other side's pods, or does not match its own.

    Raises:
        PermanentError: names the selector, what it matches, and the labels to add.
    """
    for own, other in ((stable, canary), (canary, stable)):
        _check_destination(own, other, stable, canary)
        if label.matches(own.selector, other.pods):
            shown = label.as_text(own.selector.get("matchLabels") or {})
            raise PermanentError(
                f"comparing the selectors of {stable.deployment} and {canary.deployment}",
                f"Deployment {own.deployment}'s spec.selector ({shown}) also matches the pods of {other.deployment} "
                f"({label.as_text(other.pods)}). {_remedy(own, other, stable, canary)}",
            )


def _check_destination(own: ArmSelectors, other: ArmSelectors, stable: ArmSelectors, canary: ArmSelectors) -> None:
    doing = f"comparing what Service {own.service} selects with the pods of {own.deployment} and {other.deployment}"
    subset = f" with subset labels {label.as_text(own.subset)}" if own.subset else ""
    if not own.service_selector:
        own_labels = {key: own.pods[key] for key in label.keys(own.selector) if key in own.pods}
        raise PermanentError(
            doing, f"its spec.selector is empty. Set in Service {own.service}:\nselector:\n{label.as_yaml(own_labels)}"
        )
    if not label.contains(own.requires, own.pods):
        missing = {key: value for key, value in own.requires.items() if own.pods.get(key) != value}
        has = {key: own.pods[key] for key in missing if key in own.pods}
        raise PermanentError(
            doing,
            f"it requires {label.as_text(missing)}{subset}, but the pods of {own.deployment} have "
            f"{label.as_text(has)}: no request would reach them. Correct the Service's spec.selector, or the labels.",
        )
    if label.contains(own.requires, other.pods):
        raise PermanentError(
            doing,
            f"its spec.selector ({label.as_text(own.service_selector)}){subset} also matches the pods of "
            f"{other.deployment}: they would get requests at any weight. {_service_remedy(own, other, stable, canary)}",
        )


def _remedy(own: ArmSelectors, other: ArmSelectors, stable: ArmSelectors, canary: ArmSelectors) -> str:
    differing = {key: value for key, value in own.pods.items() if other.pods.get(key) != value}
    if not differing:
        return _alike(stable, canary)
    return (
        f"Add to Deployment {own.deployment} (a selector is immutable, so recreate the Deployment; "
        f"`kubectl delete --cascade=orphan` keeps its pods serving):\n"
        f"selector:\n  matchLabels:\n{label.as_yaml(differing, 4)}"
    )


def _service_remedy(own: ArmSelectors, other: ArmSelectors, stable: ArmSelectors, canary: ArmSelectors) -> str:
    differing = {key: value for key, value in own.pods.items() if other.pods.get(key) != value}
    if not differing:
        return _alike(stable, canary)
    chosen = {key: value for key, value in differing.items() if key in label.keys(own.selector)} or differing
    return f"Add to Service {own.service}:\nselector:\n{label.as_yaml(chosen)}"


def _alike(stable: ArmSelectors, canary: ArmSelectors) -> str:
    """Return the remedy for arms with equal labels: the canary's pods get the labels that its destination requires."""
    if stable.service == canary.service:
        return (
            f"No label tells the two apart: in the DestinationRule of {canary.service}, give the "
            f"canary's subset a label whose value differs from that of the pods of {stable.deployment}."
        )
    return (
        f"No label tells the two apart: set in Service {canary.service}:\n"
        f"selector:\n{label.as_yaml(_suggestion(stable, canary))}"
    )


def _suggestion(stable: ArmSelectors, canary: ArmSelectors) -> dict[str, str]:
    named = sorted(stable.selector.get("matchLabels") or {"app": ""})
    preferred = next((key for key in named if stable.pods.get(key) == stable.deployment), named[0])
    return {preferred: canary.deployment}
