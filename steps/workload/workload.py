"""The Deployments as the steps see them."""

from collections.abc import Callable, Iterable, Sequence

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT
from steps.model.pods import PodNames
from steps.model.ports import RoutePorts
from steps.model.run import Claim, Destination, Pin, WorkloadState
from steps.model.workload import Release, ReleasePlan, Topology, UndoResult
from steps.workload import canary, capacity, duplicate, endpoints, pods, promote, undo
from steps.workload import pin as identity
from steps.workload.health import HealthWatch
from steps.workload.pod_names import pod_names
from steps.workload.preflight import Preflight, require_stable, service_name_of
from steps.workload.readiness import WaitPolicy, wait_ready

Renew = Callable[[], None]


class Workload:
    """Deployments of one application, written only under the token of its claim.

    `token` is the claim's wherever it is taken; None is a step without a claim, which refuses what a claim owns.
    `renew` is called about once a `poll_seconds` while waiting; what it raises ends the waiting.

    Args:
        cluster: the API server.
        claim_key: the claim annotation of the application, `canary-steps.io/claim.<app>`.
        poll_seconds: time between two looks while waiting (> 0).
        hopeless_seconds: how long a fault that kubelet itself retries is borne before it is final (>= 0).
    """

    def __init__(
        self, cluster: Cluster, claim_key: str, *, poll_seconds: float = 1.0, hopeless_seconds: float = 10.0
    ) -> None:
        self._cluster = cluster
        self._fence = ClaimedDeployments(cluster, claim_key)
        self._poll_seconds = poll_seconds
        self._hopeless_seconds = hopeless_seconds

    def require_stable(self, namespace: str, stable: str, topology: Topology) -> None:
        """Make sure that the Deployment which serves exists; NotFound names the remedy."""
        require_stable(self._cluster, namespace, stable, topology)

    def preflight(self, release: Release) -> ReleasePlan:
        """Check whether a release can be done safely, writing nothing; see `Inspection`."""
        return Preflight(self._cluster, release).plan()

    def is_duplicate(self, release: Release, claim: Claim) -> bool:
        """Tell whether another run's living claim makes a release needless; see `duplicate`."""
        return duplicate.is_duplicate(self._cluster, release, claim)

    def stamp(self, memory: WorkloadState, new: str, old: str | None = None) -> None:
        """Put a token on all Deployments at a claim, a takeover or a change of phase; see `Fence.stamp`."""
        self._fence.stamp(memory.namespace, memory.deployments, new, old)

    def unstamp(self, memory: WorkloadState, token: str) -> None:
        """Take our token off all Deployments."""
        self._fence.unstamp(memory.namespace, memory.deployments, token)

    def epoch(self, namespace: str, names: Iterable[str]) -> int:
        """Return the highest epoch found on Deployments, 0 for none; a new claim must count on from it."""
        return self._fence.epoch(namespace, names)

    def create_canary(self, release: Release, plan: ReleasePlan, token: str | None) -> None:
        """Create or update the canary Deployment and its baseline, if any, without raising their number of pods."""
        canary.create_canary(self._cluster, self._fence, release, plan, token)
        canary.create_baseline(self._cluster, self._fence, release, plan, token)

    def wait_ready(
        self, namespace: str, name: str, replicas: int | None, deadline_seconds: float, renew: Renew
    ) -> Object:
        """Wait until a Deployment has so many ready pods of its present template and no others."""
        return wait_ready(self._cluster, namespace, name, replicas, self._patience(deadline_seconds, renew))

    def ensure_capacity(
        self, memory: WorkloadState, token: str | None, weight: int, deadline_seconds: float, renew: Renew
    ) -> None:
        """Make the canary large enough for a weight (0-100), its baseline as large, and wait until they are."""
        patience = self._patience(deadline_seconds, renew)
        capacity.ensure_capacity(self._cluster, self._fence, memory, token, weight, patience)

    def require_endpoints(
        self,
        memory: WorkloadState,
        canary: Destination,
        routes: Sequence[RoutePorts],
        deadline_seconds: float,
        renew: Renew,
    ) -> None:
        """Require a ready pod of the canary behind every port that the routes reach on its destination."""
        patience = self._patience(deadline_seconds, renew)
        endpoints.require_endpoints(self._cluster, memory, service_name_of(canary), routes, patience)

    def stable_has_capacity(self, memory: WorkloadState) -> bool:
        """Tell whether stable has as many available pods as it had replicas at the start."""
        return capacity.stable_has_capacity(self._cluster, memory)

    def ready_arms(self, memory: WorkloadState) -> tuple[bool, bool]:
        """Tell for stable and canary whether any pod of theirs can serve."""
        return capacity.ready_arms(self._cluster, memory)

    def pin(self, memory: WorkloadState) -> Pin:
        """Pin the canary as its ready pods run it now."""
        return identity.pin_canary(self._cluster, memory)

    def check_pin(self, memory: WorkloadState, pin: Pin) -> None:
        """Refuse (ForeignWrite) where the canary is no longer the pinned one."""
        identity.check_pin(self._cluster, memory, pin)

    def runs_same_bits(self, memory: WorkloadState, pin: Pin) -> bool:
        """Tell whether stable's ready pods run exactly the pinned digests: the answer to `Noop.LOOK`."""
        stable = self._cluster.get(DEPLOYMENT, memory.namespace, memory.stable)
        running = identity.running_digests(self._cluster, stable)
        return bool(pin.digests) and running == {name: {digest} for name, digest in pin.digests.items()}

    def health(
        self,
        memory: WorkloadState,
        since: float,
        complete_at: float | None = None,
        earlier: Sequence[tuple[float, float, str]] = (),
    ) -> HealthWatch:
        """Return a watch over the canary's pods whose `look()` tells their health; see `HealthWatch`."""
        return HealthWatch(self._cluster, memory.namespace, memory.canary, since, complete_at, earlier)

    def pod_names(self, namespace: str, deployments: Iterable[str]) -> PodNames:
        """Return whose pods are whose, by owner, and how the ReplicaSets of Deployments name their pods."""
        return pod_names(self._cluster, namespace, deployments)

    def addresses(self, namespace: str, name: str) -> list[tuple[str, str, int]]:
        """Return (name, IP address, port) of a Deployment's ready pods of its present template."""
        return pods.pod_addresses(self._cluster, self._cluster.get(DEPLOYMENT, namespace, name))

    def promote_template(
        self, memory: WorkloadState, pin: Pin, token: str | None, deadline_seconds: float, renew: Renew
    ) -> None:
        """Roll the pinned template out on stable and verify that the same bits run there."""
        patience = self._patience(deadline_seconds, renew)
        promote.promote_template(self._cluster, self._fence, memory, pin, token, patience)

    def promote_external(self, memory: WorkloadState, pin: Pin, deadline_seconds: float, renew: Renew) -> None:
        """Wait until somebody else made stable run the pinned digests; writes nothing."""
        promote.promote_external(self._cluster, memory, pin, self._patience(deadline_seconds, renew))

    def is_promoted(self, memory: WorkloadState, pin: Pin) -> bool:
        """Tell whether stable runs the pinned template and digests on all its pods."""
        return promote.is_promoted(self._cluster, memory, pin)

    def undo_promote(
        self, memory: WorkloadState, pin: Pin | None, token: str | None, deadline_seconds: float, renew: Renew
    ) -> UndoResult:
        """Give stable its template of the start back if this run changed it, and wait until it is ready."""
        patience = self._patience(deadline_seconds, renew)
        return undo.undo_promote(self._cluster, self._fence, memory, pin, token, patience)

    def scale_down(self, memory: WorkloadState, token: str | None) -> str:
        """Scale the canary and its baseline to 0; returns a sentence where one was left running (HPA)."""
        return capacity.scale_down(self._cluster, self._fence, memory, token)

    def _patience(self, deadline_seconds: float, renew: Renew) -> WaitPolicy:
        return WaitPolicy(deadline_seconds, renew, self._poll_seconds, self._hopeless_seconds)
