"""Selectors inside pod templates that select the other arm's pods and not the arm's own (pure)."""

from collections.abc import Iterator, Mapping
from typing import Any

from steps.cluster.kinds import DEPLOYMENT
from steps.model.run import ObjectName
from steps.survey.arms import SurveyedArms, selectors_of
from steps.survey.commands import patch_command, pointer
from steps.survey.objects import Survey
from steps.survey.problem import Problem
from steps.workload.arm_selectors import ArmSelectors
from steps.workload.label_selectors import matches
from steps.workload.scheduling import WHEN, scheduling_selectors, with_own_selectors

_EFFECTS = {
    "podAntiAffinity": "its pods would no longer keep apart from each other",
    "podAffinity": "its pods would look for the other arm's pods in place of their own",
}
_SPREAD = "its pods would be counted by the other arm's, so nothing spreads them"
_Found = tuple[tuple[str | int, ...], Mapping[str, Any], str]


def check_template_selectors(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each selector in the arms' templates that follows the wrong labels."""
    both = selectors_of(survey, arms)
    stable = arms.stable.found
    if both is None or stable is None:
        return []
    mine, theirs = both
    if arms.is_made or arms.canary.found is None:
        made = {**stable["spec"], "template": with_own_selectors(stable["spec"]["template"], mine.pods, theirs.pods)}
        clone = {**stable, "spec": made}
        return [
            *_followed(stable, mine, theirs),
            *_wrong(arms, clone, theirs, mine),
            *_crowded(arms, clone, theirs, mine),
        ]
    canary = arms.canary.found
    return [
        *_wrong(arms, stable, mine, theirs),
        *_wrong(arms, canary, theirs, mine),
        *_crowded(arms, canary, theirs, mine),
    ]


def _selectors(template: Mapping[str, Any]) -> Iterator[_Found]:
    """Yield path, selector, and the effect of one that selects the wrong pods."""
    for path, selector in scheduling_selectors(template):
        yield path, selector, _EFFECTS.get(str(path[2]), _SPREAD)


def _followed(stable: Mapping[str, Any], mine: ArmSelectors, theirs: ArmSelectors) -> Iterator[Problem]:
    """Yield a note for each selector that the canary's copy of stable's template has otherwise."""
    made = with_own_selectors(stable["spec"]["template"], mine.pods, theirs.pods)
    for (path, before), (_, after) in zip(
        scheduling_selectors(stable["spec"]["template"]), scheduling_selectors(made), strict=True
    ):
        if before != after:
            text = (
                f"template.{_dotted(path)} selects its own pods: in {theirs.deployment} it selects those of"
                f" {theirs.deployment}, and promote writes it back as it is."
            )
            name = str(stable["metadata"]["name"])
            yield Problem(
                "template-selector", f"Deployment {stable['metadata']['namespace']}/{name}", text, (), "notes"
            )


def _wrong(arms: SurveyedArms, source: Mapping[str, Any], own: ArmSelectors, other: ArmSelectors) -> Iterator[Problem]:
    """Yield selectors of a template that match the other arm's pods and not those that the template makes."""
    name = str(source["metadata"]["name"])
    for path, selector, effect in _selectors(source["spec"]["template"]):
        if matches(selector, other.pods) and not matches(selector, own.pods):
            keys = ", ".join(f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items()))
            shown = keys or "its expressions"
            text = (
                f"template.{_dotted(path)} selects {shown}: the pods of {other.deployment}, and not those of"
                f" {own.deployment}; {effect}."
            )
            remedy = _covering(arms, name, path, selector, own, other)
            yield Problem("template-selector", f"Deployment {arms.names.namespace}/{name}", text, remedy, "warns")


def _crowded(
    arms: SurveyedArms, source: Mapping[str, Any], own: ArmSelectors, other: ArmSelectors
) -> Iterator[Problem]:
    """Yield a note for each hard rule that keeps pods of both arms off the same node: the canary needs free ones."""
    name = str(source["metadata"]["name"])
    for path, selector, _ in _selectors(source["spec"]["template"]):
        if path[2:4] == ("podAntiAffinity", WHEN[0]) and matches(selector, own.pods) and matches(selector, other.pods):
            text = (
                f"template.{_dotted(path)} selects the pods of both arms: each pod of the canary needs a place without"
                f" any pod of {arms.stable.deployment}, or it stays pending."
            )
            yield Problem("crowded", f"Deployment {arms.names.namespace}/{name}", text, (), "notes")


def _covering(
    arms: SurveyedArms,
    name: str,
    path: tuple[str | int, ...],
    selector: Mapping[str, Any],
    own: ArmSelectors,
    other: ArmSelectors,
) -> tuple[str, ...]:
    """Return the command that makes a selector cover both arms; () where a label is missing in one of them."""
    labels = selector.get("matchLabels") or {}
    differing = {key for key in labels if own.pods.get(key) != other.pods.get(key)}
    if any(key not in own.pods for key in differing) or not differing:
        return ()
    kept = {key: value for key, value in labels.items() if key not in differing}
    more = [
        {"key": key, "operator": "In", "values": sorted({own.pods[key], other.pods[key]})} for key in sorted(differing)
    ]
    value = {"matchExpressions": [*(selector.get("matchExpressions") or []), *more]}
    operation = {
        "op": "replace",
        "path": pointer("spec", "template", *path),
        "value": {"matchLabels": kept, **value} if kept else value,
    }
    return (patch_command(DEPLOYMENT, ObjectName(arms.names.namespace, name), operation),)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
