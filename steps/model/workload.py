"""A release as the workload layer needs it, and the plan that the checks of its Deployments give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from steps.model.ports import RoutePorts
from steps.model.run import Destination, WorkloadState


class Topology(StrEnum):
    """Which of the two Deployments people deploy to, and so where the canary's template comes from."""

    STABLE_NAMED = "stable-named"
    """`shop` serves; the canary `shop-canary` is made from its template."""
    TARGET_NAMED = "target-named"
    """`shop` is what people deploy, hence the canary; `shop-primary` serves and is written by promote only."""
    SWAP = "swap"
    """People deploy both, `shop-v1` and `shop-v2`: the one that serves is stable, and they take turns."""


class Noop(StrEnum):
    """Whether the canary would be the same as stable."""

    NO = "no"
    YES = "yes"
    LOOK = "look"
    """Same tag, always pulled: not known until the canary's pods show their digests."""


class UndoResult(StrEnum):
    """The result of undoing a promote."""

    UNTOUCHED = "untouched"
    """Stable has the template that it had at the start."""
    RESTORED = "restored"
    """The template from the start was written back."""
    FOREIGN = "foreign"
    """Somebody else changed stable's template after the run began; it was left as it is."""


@dataclass(frozen=True, slots=True)
class Release:
    """What to release, and where.

    Args:
        namespace: of both Deployments and their Services.
        stable: Deployment that serves.
        canary: Deployment under test; in the stable-named topology prepare makes it, else it exists.
        baseline: Deployment to make from stable's template as the canary's control, "" for none.
        stable_destination: where the routes send stable's requests.
        canary_destination: where the routes send the canary's requests.
        topology: which of the two Deployments people deploy to.
        stable_subset: labels of the DestinationRule's subset of the stable destination.
        canary_subset: labels of the DestinationRule's subset of the canary destination.
        stable_labels: that tell stable's pods from the canary's, where stable is made from it; {} if it is not known.
        image: image of the canary; "" keeps the image of the template.
        container: container that gets `image` and `env`; "" means the only one.
        env: environment variables to set in that container.
        template_patch: merged into the pod template (objects by key, named lists by `name`, null removes).
        template_by_external: stable's template comes from elsewhere (GitOps), promote never writes it.
        allow_managed: write templates although Argo CD, Flux or Helm manages them.
        allow_policies: go on although security policies treat the arms differently.
        allow_unready_stable: go on although stable is not ready (hotfix).
        available_share: part of stable's pods (0-1) that must be available.
        routes: ports to which the routes send requests.
        kept: Deployments that are never scaled to 0 → why, half a sentence, such as the other routes that lead there.
    """

    namespace: str
    stable: str
    canary: str
    stable_destination: Destination
    canary_destination: Destination
    topology: Topology = Topology.STABLE_NAMED
    baseline: str = ""
    stable_subset: Mapping[str, str] = field(default_factory=dict)
    canary_subset: Mapping[str, str] = field(default_factory=dict)
    stable_labels: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    container: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    template_patch: Mapping[str, Any] = field(default_factory=dict)
    template_by_external: bool = False
    allow_managed: bool = False
    allow_policies: bool = False
    allow_unready_stable: bool = False
    available_share: float = 1.0
    routes: tuple[RoutePorts, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes_canary(self) -> bool:
        """Whether prepare writes the template of a canary that people deploy; else it releases what they deployed."""
        return self.topology is not Topology.STABLE_NAMED and bool(self.image or self.env or self.template_patch)


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """The plan of a release after its checks; nothing has been written.

    Args:
        state: the Deployments as they are, to be stored in the claim.
        stable_image: image of the released container in stable's template.
        canary_image: image for the canary's template.
        container: name of the container that is released.
        noop: whether the canary would be the same as stable.
        warnings: sentences to show to the user before anything changes.
    """

    state: WorkloadState
    stable_image: str
    canary_image: str
    container: str
    noop: Noop
    warnings: tuple[str, ...] = ()
