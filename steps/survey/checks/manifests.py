"""Manifests whose next apply takes back what a release did: the old image, or the weights before a swap (pure)."""

from collections.abc import Iterator

from steps.cluster.api import Object
from steps.cluster.managing_tools import applied_by, managing_tool
from steps.survey.arms import SurveyedArms
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Problem
from steps.workload.preconditions import deployment_name

CODE = "manifest"


def check_manifests(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a warning for each object whose manifest has to follow the release."""
    del survey
    is_swap = arms.topology == "swap"  # whose promote writes no template, but weights
    found = [] if is_swap else [*_stable(arms)]
    found += [] if arms.is_made else [*_canary(arms)]
    return [*found, *_weights(arms)] if is_swap else found


def _stable(arms: SurveyedArms) -> Iterator[Problem]:
    if (stable := arms.stable.found) is not None and (by := _applier(stable)):
        text = (
            f"{by} wrote its pod template from a manifest: after a promotion, the next apply brings the image of the"
            " manifest back, to all users at once and unjudged. Write the promoted image into the manifest, or change"
            " the manifest first and let promote wait for it."
        )
        yield Problem(CODE, deployment_name(stable), text, ("--template-by external",), "warns")


def _canary(arms: SurveyedArms) -> Iterator[Problem]:
    if (canary := arms.canary.found) is not None and (by := _applier(canary)):
        text = (
            f"{by} wrote its pod template from a manifest: an image that a release writes with --image lasts until the"
            " next apply. Deploy the image by the manifest instead, and release it without --image."
        )
        yield Problem(CODE, deployment_name(canary), text, (), "warns")


def _applier(deployment: Object) -> str:
    """Return who applies a Deployment; a tool that writes back is none: it has the code `manager`, which may refuse."""
    return "" if managing_tool(deployment)[0] else applied_by(deployment, "template")


def _weights(arms: SurveyedArms) -> Iterator[Problem]:
    for obj in arms.released:
        if by := applied_by(obj, "http"):
            text = (
                f"{by} wrote its weights from a manifest: after the swap, the next apply that writes them returns all"
                f" users to {arms.stable.deployment}, which has no pods after the standby. Write the new weights into"
                " the manifest after each release, or take them from the live object (docs/gitops.md)."
            )
            yield Problem(CODE, f"VirtualService {name_of(obj)}", text, ("--keep-standby",), "warns")
