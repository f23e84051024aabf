"""The two arms of a release as the checks need them: Deployments, destinations, and how selectors see them (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steps.cluster.api import Object
from steps.errors import PermanentError
from steps.model.names import ReleaseNames
from steps.model.run import Destination, ObjectName
from steps.survey.behind import Behind, behind
from steps.survey.objects import Survey, name_of, pod_labels
from steps.survey.splits import Side
from steps.traffic.destinations import full_host
from steps.workload.arm_selectors import ArmSelectors, canary_labels, canary_selector

STABLE_NAMED = "stable-named"


@dataclass(frozen=True, slots=True)
class SurveyedArm:
    """One arm.

    Args:
        role: "stable" or "canary".
        deployment: name of its Deployment, which need not exist.
        destination: as the release names it.
        side: the same by full host and subset.
        behind: what stands behind the destination.
        found: the Deployment, None where it does not exist.
    """

    role: str
    deployment: str
    destination: Destination
    side: Side
    behind: Behind
    found: Object | None


@dataclass(frozen=True, slots=True)
class SurveyedArms:
    """Both arms of a release.

    Args:
        names: of the release.
        topology: stable-named or target-named.
        stable: the arm that serves.
        canary: the arm under test.
        released: the VirtualServices of the release that were found.
    """

    names: ReleaseNames
    topology: str
    stable: SurveyedArm
    canary: SurveyedArm
    released: tuple[Object, ...]

    @property
    def is_made(self) -> bool:
        """Whether prepare makes the canary's template from stable's."""
        return self.topology == STABLE_NAMED

    @property
    def both(self) -> tuple[SurveyedArm, SurveyedArm]:
        """Stable, then the canary."""
        return self.stable, self.canary

    def is_released(self, name: ObjectName) -> bool:
        """Return whether a VirtualService is one of the release's."""
        return name in self.names.virtual_services


def surveyed_arms(survey: Survey, names: ReleaseNames, topology: str) -> SurveyedArms:
    """Return the arms of a release with what the survey knows of them."""
    place = names.virtual_services[0].namespace
    stable = _arm(survey, "stable", names.stable, names.stable_destination, place)
    canary = _arm(survey, "canary", names.canary, names.canary_destination, place)
    released = tuple(one for one in survey.virtual_services if name_of(one) in names.virtual_services)
    return SurveyedArms(names, topology, stable, canary, released)


def selectors_of(survey: Survey, arms: SurveyedArms) -> tuple[ArmSelectors, ArmSelectors] | None:
    """Return both arms as selectors see them, the canary as prepare will make it.

    None where a Deployment or a subset is missing.

    Without the canary's Service, its pods are taken to carry the labels of the convention.
    """
    stable, canary = arms.stable.found, arms.canary.found
    if stable is None or (canary is None and not arms.is_made):
        return None
    if any(arm.side[1] and not arm.behind.requires for arm in arms.both):
        return None  # a subset that no DestinationRule defines: nobody knows its pods
    mine = _selectors(survey, arms.stable, stable["spec"].get("selector") or {}, pod_labels(stable))
    if not arms.is_made and canary is not None:
        return mine, _selectors(survey, arms.canary, canary["spec"].get("selector") or {}, pod_labels(canary))
    requires = dict(arms.canary.behind.requires)
    try:
        labels = canary_labels(mine, arms.canary.deployment, requires)
    except PermanentError:
        return None
    return mine, _selectors(survey, arms.canary, canary_selector(mine, labels, requires), labels)


def deployments_behind(survey: Survey, side: Side) -> Sequence[str]:
    """Return the Deployments whose pods get the requests for a side."""
    return behind(survey, Destination(*side), survey.namespace).deployments


def _arm(survey: Survey, role: str, deployment: str, destination: Destination, place: str) -> SurveyedArm:
    side = full_host(destination.host, place), destination.subset
    found = behind(survey, Destination(*side), survey.namespace)
    return SurveyedArm(role, deployment, destination, side, found, survey.deployment(deployment))


def _selectors(
    survey: Survey, arm: SurveyedArm, selector: Mapping[str, Any], labels: Mapping[str, str]
) -> ArmSelectors:
    service = survey.service(arm.behind.service) or {}
    chosen = (service.get("spec") or {}).get("selector") or {}
    subset = {key: value for key, value in arm.behind.requires if chosen.get(key) != value}
    return ArmSelectors(arm.deployment, selector, labels, arm.behind.service, subset, chosen)
