"""`Workload`: all that the steps do with Deployments."""

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Self

from steps.claim.deployments import RETRY_SECONDS, ClaimedDeployments
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT
from steps.model.pods import PodNames
from steps.model.ports import RoutePorts
from steps.model.run import Claim, Destination, Pin, WorkloadState
from steps.model.workload import Release, ReleasePlan, Topology, UndoResult
from steps.workload import (
    bootstrap,
    canary,
    capacity,
    duplicate,
    endpoints,
    fresh_pods,
    pods,
    preflight,
    promote,
    promoted_canary,
    stable_wait,
    undo,
)
from steps.workload import pin as identity
from steps.workload import retire_canary as retirement
from steps.workload.capacity import Look, no_look
from steps.workload.ended_promotion import EndedPromotion
from steps.workload.health import HealthWatch
from steps.workload.pod_names import pod_names
from steps.workload.pods_behind import PodsBehind
from steps.workload.readiness import WaitPolicy, get_observed, wait_ready
from steps.workload.release_objects import require_stable, service_name_of

Renew = Callable[[], None]

_SHORT_SECONDS = 2.0


class Workload:
    """Deployments of one application, written only under the token of its claim.

    `token` is always the claim's; None means a step without a claim, which refuses Deployments that a claim owns.
    `renew` is called about once per `poll_seconds` during a wait; what it raises ends the wait.

    Args:
        cluster: the API server.
        claim_key: the claim annotation of the application, `canary-steps.io/claim.<app>`.
        poll_seconds: time between two looks while waiting (> 0).
        fault_grace_seconds: how long to tolerate a fault that kubelet itself retries before it is final (>= 0).
        retry_seconds: how long a write that meets other writers is tried again (>= 0).

    Attributes:
        ended_promotion: what the record and an undo ask about the Deployments of a promotion that ended.
    """

    def __init__(
        self,
        cluster: Cluster,
        claim_key: str,
        *,
        poll_seconds: float = 1.0,
        fault_grace_seconds: float = 10.0,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._cluster = cluster
        self.ended_promotion = EndedPromotion(cluster)
        self._fence = ClaimedDeployments(cluster, claim_key, retry_seconds)
        self._poll_seconds, self._retry_seconds = poll_seconds, retry_seconds
        self._fault_grace_seconds = fault_grace_seconds

    def of(self, app: str) -> Self:
        """Return the same for the Deployments of another app's claim, as when its dead run is cleaned up."""
        other = copy.copy(self)
        other._fence = ClaimedDeployments(self._cluster, claim_key(app), self._retry_seconds)  # noqa: SLF001 - a copy of oneself
        return other

    def require_stable(self, namespace: str, stable: str, topology: Topology) -> None:
        """Require that the stable Deployment exists; NotFound names the remedy."""
        require_stable(self._cluster, namespace, stable, topology)

    def exists(self, namespace: str, name: str) -> bool:
        """Return whether a Deployment exists."""
        return self._cluster.find(DEPLOYMENT, namespace, name) is not None

    def make_stable(self, release: Release) -> bool:
        """Make the serving Deployment of a target-named release from what people deploy, if there is none."""
        return bootstrap.make_stable(self._cluster, release)

    def rest_canary(self, workloads: WorkloadState) -> str:
        """Scale a canary without users to 0, outside any run; return a sentence if it was left running."""
        return bootstrap.rest_canary(self._cluster, self._fence, workloads)

    def await_stable(self, release: Release, deadline_seconds: float) -> None:
        """Wait until stable is ready for a release, or the deadline comes; see `await_stable`."""
        stable_wait.await_stable(self._cluster, release, deadline_seconds)

    def stable_pods(self, namespace: str, name: str) -> tuple[int, int]:
        """Return how many pods of a Deployment are available, and how many it should have."""
        found = get_observed(self._cluster, namespace, name)
        return int((found.get("status") or {}).get("availableReplicas", 0)), int(found["spec"].get("replicas", 1))

    def preflight(self, release: Release) -> ReleasePlan:
        """Check whether a release is safe, without writing; see `preflight`."""
        return preflight.preflight(self._cluster, release)

    def is_duplicate(self, release: Release, claim: Claim) -> bool:
        """Return whether another run's live claim makes a release unnecessary; see `duplicate`."""
        return duplicate.is_duplicate(self._cluster, release, claim)

    def create_canary(self, release: Release, plan: ReleasePlan, token: str | None) -> None:
        """Create or update the canary Deployment and its baseline, if any, without raising their number of pods."""
        canary.create_canary(self._cluster, self._fence, release, plan, token)
        canary.create_baseline(self._cluster, self._fence, release, plan, token)

    def wait_ready(
        self, namespace: str, name: str, replicas: int | None, deadline_seconds: float, renew: Renew
    ) -> Object:
        """Wait until a Deployment has so many ready pods of its present template and no others."""
        return wait_ready(self._cluster, namespace, name, replicas, self._wait_policy(deadline_seconds, renew))

    def ensure_capacity(
        self, workloads: WorkloadState, token: str | None, weight: int, deadline_seconds: float, renew: Renew
    ) -> None:
        """Scale the canary up for a weight (0-100) and its baseline to the same size, and wait until they are ready."""
        policy = self._wait_policy(deadline_seconds, renew)
        capacity.ensure_capacity(self._cluster, self._fence, workloads, token, weight, policy)

    def follow_stable(self, workloads: WorkloadState, token: str | None, weight: int, pods: int) -> None:
        """Scale the canary up, without waiting, if stable has grown; see `capacity.follow_stable`."""
        capacity.follow_stable(self._cluster, self._fence, workloads, token, weight, pods)

    def require_endpoints(
        self,
        workloads: WorkloadState,
        canary: Destination,
        routes: Sequence[RoutePorts],
        deadline_seconds: float,
        renew: Renew,
    ) -> None:
        """Require a ready pod of the canary behind every port that the routes reach on its destination."""
        policy = self._wait_policy(deadline_seconds, renew)
        endpoints.require_endpoints(self._cluster, workloads, service_name_of(canary), routes, policy)

    def ensure_stable_capacity(
        self, workloads: WorkloadState, token: str | None, deadline_seconds: float, renew: Renew, *, whole: bool
    ) -> None:
        """Scale stable up to its replicas at the start, where it has fewer, and wait until it is ready, or `whole`."""
        policy = self._wait_policy(deadline_seconds, renew)
        capacity.ensure_stable_capacity(self._cluster, self._fence, workloads, token, policy, whole=whole)

    def scale_stable_down(self, workloads: WorkloadState, token: str | None, look: Look = no_look) -> str:
        """Scale the arm down that a swap took out of service; return a sentence if it was left running."""
        return capacity.scale_to_zero(self._cluster, self._fence, workloads, workloads.stable, token, look)

    def scale_baseline_down(self, workloads: WorkloadState, token: str | None) -> str:
        """Scale the baseline down, if there is one; return a sentence if it was left running."""
        name = workloads.baseline
        return capacity.scale_to_zero(self._cluster, self._fence, workloads, name, token) if name else ""

    def stopping(self, workloads: WorkloadState, names: Sequence[str], token: str) -> list[str]:
        """Return those of the named Deployments that the end of the run with a token scales to 0, if they have pods."""
        return capacity.stopping(self._cluster, self._fence, workloads, names, token)

    def pods_behind(self, namespace: str, stopping: Sequence[str]) -> PodsBehind:
        """Return what knows whether a Service has other pods than those of Deployments that are about to stop."""
        return PodsBehind(self._cluster, namespace, stopping)

    def can_serve_all(self, workloads: WorkloadState, pin: Pin) -> bool:
        """Return whether the canary of a swap is the pinned one and ready for all users."""
        return promoted_canary.can_serve_all(self._cluster, workloads, pin)

    def stable_has_pods(self, workloads: WorkloadState) -> bool:
        """Return whether stable is scaled above 0."""
        return promoted_canary.stable_has_pods(self._cluster, workloads)

    def stable_has_capacity(self, workloads: WorkloadState) -> bool:
        """Return whether stable has as many available pods as it had replicas at the start."""
        return capacity.stable_has_capacity(self._cluster, workloads)

    def lacks_capacity(self, workloads: WorkloadState) -> bool:
        """Return whether stable has fewer available pods than at the start while all of the canary's can serve.

        It asks once and briefly, since users may be waiting.
        """
        return capacity.lacks_capacity(self._cluster.without_retries(), workloads)

    def ready_arms(self, workloads: WorkloadState) -> tuple[bool, bool]:
        """Return for stable's and for the canary's destination whether any pod behind it can serve."""
        sides = (workloads.stable,), workloads.clones
        stable, canary = (capacity.can_serve(self._cluster, workloads.namespace, names) for names in sides)
        return stable, canary

    def can_serve_now(self, namespace: str, names: Sequence[str]) -> bool:
        """Return whether any of these Deployments has a pod that can serve, after one short question for each."""
        return capacity.can_serve(self._cluster.without_retries(_SHORT_SECONDS), namespace, names)

    def pin(self, workloads: WorkloadState) -> Pin:
        """Pin the canary as its ready pods run it now."""
        return identity.pin_canary(self._cluster, workloads)

    def check_pin(self, workloads: WorkloadState, pin: Pin) -> None:
        """Refuse (ForeignWrite) if the canary is no longer the pinned one."""
        identity.check_pin(self._cluster, workloads, pin)

    def runs_same_bits(self, workloads: WorkloadState, pin: Pin) -> bool:
        """Return whether stable's ready pods run exactly the pinned digests: the answer to `Noop.LOOK`."""
        stable = self._cluster.get(DEPLOYMENT, workloads.namespace, workloads.stable)
        running = identity.running_digests(self._cluster, stable)
        return bool(pin.digests) and running == {name: {digest} for name, digest in pin.digests.items()}

    def health(
        self,
        workloads: WorkloadState,
        since: float,
        complete_at: float | None = None,
        earlier: Sequence[tuple[float, float, str]] = (),
        deployment: str = "",
    ) -> HealthWatch:
        """Return a watch over the canary's pods whose `look()` returns their health; see `HealthWatch`.

        `deployment` is watched in place of the canary.
        """
        watched = deployment or workloads.canary
        stable_pods = workloads.stable_replicas if watched == workloads.canary else 0
        return HealthWatch(
            self._cluster, workloads.namespace, watched, since, complete_at, earlier, stable_pods=stable_pods
        )

    def pod_names(self, namespace: str, deployments: Iterable[str]) -> PodNames:
        """Return the pods of each Deployment, by owner, and the name prefixes of their ReplicaSets."""
        return pod_names(self._cluster, namespace, deployments)

    def addresses(self, namespace: str, name: str) -> list[tuple[str, str, int]]:
        """Return (name, IP address, port) of a Deployment's ready pods of its present template."""
        return pods.pod_addresses(self._cluster, self._cluster.get(DEPLOYMENT, namespace, name))

    def promote_template(
        self,
        workloads: WorkloadState,
        pin: Pin,
        token: str | None,
        deadline_seconds: float,
        renew: Renew,
        stored: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Roll the pinned template out to stable and verify that the same image digests run there.

        `stored` gets the fingerprint of stable's template right after the write.
        """
        policy = self._wait_policy(deadline_seconds, renew)
        promote.promote_template(self._cluster, self._fence, workloads, pin, token, policy, stored)

    def promote_external(self, workloads: WorkloadState, pin: Pin, deadline_seconds: float, renew: Renew) -> None:
        """Wait until somebody else has rolled the pinned digests out to stable; write nothing."""
        promote.promote_external(self._cluster, workloads, pin, self._wait_policy(deadline_seconds, renew))

    def is_promoted(self, workloads: WorkloadState, pin: Pin) -> bool:
        """Return whether stable runs the pinned template and digests on all its pods."""
        return promote.is_promoted(self._cluster, workloads, pin)

    def check_promoted(self, workloads: WorkloadState, pin: Pin) -> None:
        """Refuse (ForeignWrite) if stable no longer has the promoted template, or the promoted images from Git."""
        promote.check_promoted(self._cluster, workloads, pin)

    def undo_promote(
        self, workloads: WorkloadState, pin: Pin | None, token: str | None, deadline_seconds: float, renew: Renew
    ) -> UndoResult:
        """Restore stable's original template if this run changed it, and wait until it is ready."""
        policy = self._wait_policy(deadline_seconds, renew)
        return undo.undo_promote(self._cluster, self._fence, workloads, pin, token, policy)

    def retire_canary(self, workloads: WorkloadState, pin: Pin | None, token: str | None, look: Look = no_look) -> str:
        """Scale the canary down, or leave it as people had it; return a sentence for what was left otherwise."""
        return retirement.retire_canary(self._cluster, self._fence, workloads, pin, token, look)

    def scale_down(self, workloads: WorkloadState, token: str | None, look: Look = no_look) -> str:
        """Scale the canary and its baseline to 0; return a sentence for each that was left running (HPA)."""
        return capacity.scale_down(self._cluster, self._fence, workloads, token, look)

    def old_pods(self, workloads: WorkloadState, since: float) -> list[str]:
        """Return the canary's pods, and its baseline's, that were created before a moment (unix seconds)."""
        return fresh_pods.old_pods(self._cluster, workloads, since)

    def await_old_pods_gone(
        self, workloads: WorkloadState, since: float, deadline_seconds: float, renew: Renew
    ) -> None:
        """Wait until none of these pods is left; see `await_old_pods_gone`."""
        policy = self._wait_policy(deadline_seconds, renew)
        fresh_pods.await_old_pods_gone(self._cluster, workloads, since, policy)

    def _wait_policy(self, deadline_seconds: float, renew: Renew) -> WaitPolicy:
        return WaitPolicy(deadline_seconds, renew, self._poll_seconds, self._fault_grace_seconds)
