"""The front of this package: what steps do with the routes of VirtualServices."""

from collections.abc import Sequence
from typing import Final, Unpack

from steps.claim.claims import Claims
from steps.claim.state import StateChanges
from steps.cluster.api import Cluster, Object, Operation
from steps.errors import ForeignWrite, NotFound
from steps.model.ports import RoutePorts
from steps.model.run import Claim, Destination, ObjectName, Phase, Record, RouteTarget, RunState
from steps.model.rungs import RungVerdict
from steps.traffic import at_rest, checks, drift, retreat, strays, weights
from steps.traffic.destinations import ArmDestinations
from steps.traffic.disown import disown
from steps.traffic.ports import route_ports
from steps.traffic.reach import carries, reached_namespaces
from steps.traffic.retreat import Hold, WeightHeld, never
from steps.traffic.routes import locate
from steps.traffic.senders import Sender, senders_of, virtual_services_in_reach
from steps.traffic.subsets import lost_subset, subset_labels


class Traffic:
    """Routes as the steps use them. Every call is idempotent: it may be repeated after a kill.

    All calls raise, besides what they name: Forbidden (a verb is not allowed), NotFound (a VirtualService is missing),
    TemporaryError (the API server is in trouble, or others kept changing the object).

    Attributes:
        claims: of the same VirtualServices.
        own_weights: the check that routes are as the run last wrote them, for `Claims.renew`; raises ForeignWrite.
        all_on_stable: the check that the canary has no weight, for `Claims.take`; raises PermanentError.
        starts: what to do about weights at rest, for `Claims.take`; "refuse" is `all_on_stable`.

    Args:
        cluster: the API server, or its rehearsal.
        claims: on the same cluster.
    """

    own_weights: Final = staticmethod(drift.require_own_routes)
    all_on_stable: Final = staticmethod(at_rest.require_rest)
    starts: Final = at_rest.STARTS

    def __init__(self, cluster: Cluster, claims: Claims) -> None:
        self._cluster = cluster
        self._writer = claims.writer
        self.claims = claims

    def resolve(
        self, wanted: Sequence[RouteTarget], stable: Destination, canary: Destination, *, any_weights: bool = False
    ) -> tuple[RouteTarget, ...]:
        """Find the routes of a run.

        Args:
            wanted: VirtualServices with the names of their routes; without names all routes count whose destinations
                are exactly the two arms.
            stable: destination of the serving side; a host without a dot means the VirtualService's namespace.
            canary: destination of the side under test.
            any_weights: allow weights that do not sum to 100, since they will be set.

        Returns:
            The targets in sort order with the labels of their routes.

        Raises:
            PermanentError: no such route, an ambiguous one, a destination of neither arm, weights that do not sum to
                100, a missing subset; the message has the lines to add.
        """
        return checks.resolve(self._cluster, self._writer, tuple(wanted), stable, canary, any_weights=any_weights)

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
            arms = ArmDestinations(stable, canary, name.namespace)
            routes, trouble = locate(self._writer.read(name), target.routes, arms)
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

    def senders(self, targets: Sequence[RouteTarget], namespace: str) -> tuple[list[Sender], list[str]]:
        """Return every destination that any route in reach gives requests, and the scopes that may not be listed.

        Args:
            targets: of the run.
            namespace: of its Deployments.
        """
        own = [target.virtual_service for target in targets]
        objects, unseen = virtual_services_in_reach(self._cluster, own, (namespace, *(one.namespace for one in own)))
        return [sender for obj in objects for sender in senders_of(obj)], unseen

    def subset_labels(self, namespace: str, destination: Destination) -> dict[str, str]:
        """Return the labels of a destination's subset, {} for one without; for a client in `namespace`."""
        return subset_labels(self._cluster, namespace, destination)

    def lost_subset(self, targets: Sequence[RouteTarget], destination: Destination) -> str:
        """Return that a destination's subset was removed during a run, one sentence; "" if it is there or has none."""
        return lost_subset(self._cluster, [one.virtual_service.namespace for one in targets], destination)

    def set_weight(
        self, claim: Claim, weight: int, *, allow_foreign: bool = False, **changes: Unpack[StateChanges]
    ) -> tuple[Claim, int]:
        """Set the canary's weight on every route of a run; the first weight above 0 starts the walking phase.

        This ends a pause of the weight, unless `changes` says otherwise.

        Args:
            claim: the run's.
            weight: 0-100.
            allow_foreign: enforce the weight whatever others wrote (retreat, rollback, sweep).
            changes: of the state, in the same patch.

        Returns:
            The claim after that, and the weight before.

        Raises:
            ForeignWrite: routes or weights are not as the run last wrote them; the error names who wrote them.
            NotOwnerError: the claim is gone or another's, or the run's rollback began.
        """
        _require_percentage(weight)
        previous = claim.state.weight
        after = weights.set_weight(self._writer, claim, weight, changes, allow_foreign=allow_foreign)
        if weight != previous:
            message = f"run {claim.run} set the canary's weight from {previous} to {weight}"
            self.claims.note(after, "WeightSet", message)
        # While the weight may rise: always, because an earlier attempt may have been killed before this. Later only
        # after a change: a step that was killed near its end may have removed the tokens already.
        if after.token != claim.token or after.phase in weights.CLIMBING:
            self.claims.deployments.follow(after)
        return after, previous

    def set_weight_unclaimed(
        self, targets: Sequence[RouteTarget], stable: Destination, canary: Destination, weight: int
    ) -> int:
        """Set the canary's weight (0-100) without a claim, for other pipelines; return the weight before.

        Raises:
            ClaimHeld: a living claim owns the routes. ClaimExpired: an expired one does.
        """
        _require_percentage(weight)
        return weights.set_weight_unclaimed(self._writer, tuple(targets), stable, canary, weight)

    def retreat(self, claim: Claim, reason: str, verdict: RungVerdict | None = None, *, hold: Hold = never) -> Claim:
        """Put all weight on stable and begin the rollback, from any phase, in one patch per VirtualService.

        Foreign edits are overwritten. VirtualServices that no longer carry the token are skipped, and all others are
        set before the first error is raised.

        Args:
            claim: the run's, in whatever phase it was read.
            reason: one sentence; the first one stays.
            verdict: of the rung, stored by the same patch; None if there is none.
            hold: returns why the users of a VirtualService stay, "" if they go; called where the canary has weight.

        Raises:
            WeightHeld: users stay, as `hold` says, and the claim is as it was. NotOwnerError: the claim is gone or
            another's. ForeignWrite: a route has no stable to go back to.
        """
        after = retreat.retreat(self._writer, claim, reason, hold, verdict)
        if claim.phase is not Phase.ROLLING_BACK:
            message = f"run {claim.run} put all weight on stable: {reason}"
            self.claims.note(after, "Retreated", message, warning=True)
        return after

    def return_strays(self, claim: Claim, weight: int) -> None:
        """Return the users whom somebody sent to the side that has just stopped, and log it.

        Args:
            claim: of the run.
            weight: that the canary ends with: 0, or 100 in a swap.

        Raises:
            NotOwnerError: the claim is gone or another's.
        """
        strays.return_strays(self._writer, claim, weight)

    def release(self, claim: Claim, record: Record, weight: int) -> None:
        """Release the claim as `Claims.release`; users on the side that has stopped return in the same patch.

        Args:
            claim: of the run.
            record: of its end.
            weight: that the canary ends with: 0, or 100 in a swap.
        """
        returned: set[ObjectName] = set()
        self.claims.release(claim, record, strays.edits_at_release(claim, weight, returned))
        for name in sorted(returned):
            disown(self._writer, name)

    def take_over(
        self,
        victim: Claim,
        run: str,
        reason: str,
        *,
        hold: Hold = never,
        supersede: bool = False,
        undoes: str = "",
    ) -> Claim:
        """Take a claim over and put all weight on stable, in one patch per VirtualService.

        Where `hold` says that users stay, only the claim is taken.

        Args:
            victim: the claim as found.
            run: the new owner.
            reason: one sentence; the first one stays.
            hold: as in `retreat`.
            supersede: allow a living victim.
            undoes: as in `Claims.take_over`.

        Raises:
            As `Claims.take_over`.
        """

        def routes(obj: Object, target: RouteTarget, state: RunState) -> tuple[Sequence[Operation], RunState]:
            try:
                return retreat.return_users(obj, target, state, self.claims.now(), hold)
            except WeightHeld:
                return (), state

        return self.claims.take_over(victim, run, reason, supersede=supersede, undoes=undoes, routes=routes)

    def reach(self, claim: Claim) -> frozenset[str]:
        """Return the namespaces that a claim's VirtualServices reach: their own, and those their routes lead to.

        Only VirtualServices that carry the claim count, as they are now: what the claim's state says can be made up.
        """
        found: set[str] = set()
        for target in claim.state.targets:
            try:
                obj = self._writer.read(target.virtual_service)
            except NotFound:
                continue
            if carries(obj, claim):
                found |= reached_namespaces(obj)
        return frozenset(found)


def _require_percentage(weight: int) -> None:
    if not 0 <= weight <= 100:  # noqa: PLR2004 - percent
        raise ValueError(f"weight {weight} is not in 0-100")
