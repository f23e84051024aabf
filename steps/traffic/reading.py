"""What the VirtualServices say: claims, records, approvals, present weights. Nothing here writes."""

from collections.abc import Sequence

from steps.claim import lookup, release
from steps.claim.annotations import annotations_of
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import approval_key
from steps.cluster.api import Cluster
from steps.errors import ForeignWrite, StepError
from steps.model.ports import RoutePorts
from steps.model.run import Claim, Destination, ObjectName, Record, RouteTarget
from steps.traffic.destinations import ArmDestinations
from steps.traffic.ports import route_ports
from steps.traffic.routes import locate
from steps.traffic.subsets import subset_labels


class Reading:
    """The questions that `Traffic` answers.

    Args:
        cluster: the API server, or its rehearsal.
        retry_seconds: how long a write that meets other writers is tried again (>= 0).
    """

    def __init__(self, cluster: Cluster, retry_seconds: float = 10.0) -> None:
        self._cluster = cluster
        self._writer = GuardedWriter(cluster, retry_seconds)

    def held(self, app: str, run: str, names: Sequence[ObjectName]) -> Claim:
        """Return the claim that a run holds on the named VirtualServices.

        Raises:
            NotOwnerError: it holds none: released, taken over, or its token was removed by hand.
        """
        return lookup.claim_of_run(self._cluster, self._writer, app, run, names)

    def claims_on(self, name: ObjectName) -> list[Claim]:
        """Return all claims on a VirtualService, of whatever app, alive or expired."""
        return lookup.claims_on(self._cluster, self._writer.read(name))

    def live_claim_on(self, name: ObjectName) -> Claim | None:
        """Return a living claim on a VirtualService, if there is one."""
        now = self._cluster.now()
        return next((claim for claim in self.claims_on(name) if claim.state.expires >= now), None)

    def is_expired(self, claim: Claim) -> bool:
        """Tell whether a claim expired, by the API server's time."""
        return claim.state.expires < self._cluster.now()

    def expired(self, namespace: str | None, troubles: list[StepError] | None = None) -> list[Claim]:
        """Return the expired claims in a namespace (None: in all).

        Args:
            namespace: where to look.
            troubles: gets an error for each claim that cannot be read; such a claim is logged and left out.
        """
        return lookup.expired_claims(self._cluster, namespace, [] if troubles is None else troubles)

    def approved(self, claim: Claim) -> bool:
        """Tell whether the annotation `canary-steps.io/approve.<app>` on one of the VirtualServices names the run."""
        objects = (self._writer.read(target.virtual_service) for target in claim.state.targets)
        return any(annotations_of(obj).get(approval_key(claim.app)) == claim.run for obj in objects)

    def last(self, name: ObjectName, app: str) -> Record | None:
        """Return the record of the app's last run on a VirtualService."""
        return release.last_record(self._writer.read(name), app)

    def weights(
        self, targets: Sequence[RouteTarget], stable: Destination, canary: Destination
    ) -> dict[tuple[ObjectName, str], int]:
        """Return the canary's present weight (0-100) by VirtualService and route.

        Raises:
            ForeignWrite: a route is no longer there.
        """
        found = {}
        for target in targets:
            name = target.virtual_service
            routes, trouble = locate(
                self._writer.read(name), target.routes, ArmDestinations(stable, canary, name.namespace)
            )
            if trouble:
                raise ForeignWrite(f"reading the weights of VirtualService {name}", f"{trouble}.")
            found.update({(name, route.label): route.canary for route in routes})
        return found

    def ports(self, targets: Sequence[RouteTarget], stable: Destination, canary: Destination) -> tuple[RoutePorts, ...]:
        """Return the ports that the routes of a run send requests to."""
        found: list[RoutePorts] = []
        for target in targets:
            arms = ArmDestinations(stable, canary, target.virtual_service.namespace)
            found += route_ports(self._writer.read(target.virtual_service), target, arms)
        return tuple(found)

    def now(self) -> float:
        """Return the API server's time in unix seconds."""
        return self._cluster.now()

    def subset_labels(self, namespace: str, destination: Destination) -> dict[str, str]:
        """Return the labels of a destination's subset, {} for one without; for a client in `namespace`."""
        return subset_labels(self._cluster, namespace, destination)
