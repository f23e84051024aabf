"""Labels that tell the arms apart in an application's own series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from steps.evidence.definitions.pod_owners import PodOwners, pod_name_pattern
from steps.evidence.definitions.promql import ArmLabels, equal_matcher, extra_matchers, one_of_matcher, regex_matcher
from steps.model.evidence import Arm

PODS_BY_NAME: Final = PodOwners()
"""Pods recognised by their names alone: for a replay, which has no API server."""


@dataclass(frozen=True, slots=True)
class CustomArmLabels(ArmLabels):
    """Labels of the arms in an application's own series: a label of its own, or the names of pods.

    Attributes:
        pods: knows which Deployment a pod belongs to.
    """

    by_pod_name: bool = False
    namespace_label: str = ""
    pods: PodOwners = PODS_BY_NAME

    def arm_of(self, labels: Mapping[str, str]) -> Arm | None:
        """Return the arm of a series, None if it is neither's."""
        value = labels.get(self.label, "")
        for arm, name in ((Arm.STABLE, self.stable), (Arm.STABLE, self.control), (Arm.CANARY, self.canary)):
            if name and self._is_of(name, value):
                return arm
        return None

    def is_past(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series counts only until the run starts."""
        return bool(self.control) and self._is_of(self.stable, labels.get(self.label, ""))

    def _is_of(self, name: str, value: str) -> bool:
        if not self.by_pod_name:
            return value == name
        return self.pods.is_of(name, value, [one for one in (self.stable, self.canary, self.control) if one])

    def matchers(self, *, reporter: str = "", arms: Sequence[Arm] = (Arm.STABLE, Arm.CANARY)) -> list[str]:
        """Return the matchers of these arms' series; application metrics have no reporter."""
        del reporter
        names = self.values(arms)
        found = one_of_matcher(self.label, names)
        if self.by_pod_name:
            found = regex_matcher(self.label, "|".join(pod_name_pattern(name) for name in names))
        within = [equal_matcher(self.namespace_label, self.namespace)] if self.namespace_label else []
        return [found, *within, *extra_matchers(self.more)]


@dataclass(frozen=True, slots=True)
class CustomMetricContext:
    """What all custom metrics of a run have in common.

    Attributes:
        namespace: of the arms.
        more: further labels and their values, as in `ArmLabels.more`.
        pods: knows which Deployment a pod belongs to.
        against_baseline: the canary is compared with its baseline.
    """

    namespace: str
    more: Mapping[str, str] = field(default_factory=dict)
    pods: PodOwners = PODS_BY_NAME
    against_baseline: bool = False
