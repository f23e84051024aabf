"""The front of this package: what steps do with VirtualServices."""

from collections.abc import Sequence
from typing import Any

from steps.cluster.api import Cluster
from steps.errors import ForeignWrite
from steps.model.run import Claim, Destination, ObjectName, Phase, Record, Target
from steps.traffic import finding, releasing, resolving, retreating, takeover, taking, unclaimed, upkeep, weighing
from steps.traffic.destinations import Arms
from steps.traffic.events import Events
from steps.traffic.fence import Fence
from steps.traffic.keys import approval_key
from steps.traffic.patches import annotations
from steps.traffic.rivals import refuse_rivals
from steps.traffic.routes import locate
from steps.traffic.subsets import subset_labels


class Traffic:
    """VirtualServices as the steps use them. Every call states what should be, and may be repeated after a kill.

    All calls raise, besides what they name: Forbidden (a verb is not allowed), NotFound (a VirtualService is missing),
    TemporaryError (the API server is in trouble, or others kept changing the object).

    Args:
        cluster: the API server, or its rehearsal.
        retry_seconds: how long a write that meets other writers is tried again (>= 0).
    """

    def __init__(self, cluster: Cluster, retry_seconds: float = 10.0) -> None:
        self._cluster = cluster
        self._fence = Fence(cluster, retry_seconds)
        self._events = Events(cluster)

    def resolve(self, wanted: Sequence[Target], stable: Destination, canary: Destination) -> tuple[Target, ...]:
        """Find the routes of a run.

        Args:
            wanted: VirtualServices with the names of their routes; without names all routes count whose destinations
                are exactly the two arms.
            stable: destination of the serving side; a host without a dot means the VirtualService's namespace.
            canary: destination of the side under test.

        Returns:
            The targets in sort order with the labels of their routes.

        Raises:
            PermanentError: no such route, an ambiguous one, a destination of neither arm, weights that do not sum to
                100, a missing subset; the message has the lines to add.
        """
        return resolving.resolve(self._cluster, self._fence, tuple(wanted), stable, canary)

    def take(
        self,
        app: str,
        run: str,
        targets: Sequence[Target],
        stable: Destination,
        canary: Destination,
        expiry_seconds: float = 600.0,
        by: str = "",
        after_epoch: int = 0,
    ) -> Claim:
        """Take the claim for a run, by compare-and-swap; a run that has it gets it as it is, renewed.

        Args:
            app: the application.
            run: id of the run.
            targets: what it controls.
            stable: destination of the serving side.
            canary: destination of the side under test.
            expiry_seconds: how long the claim outlives its last renewal (> 0).
            by: who releases.
            after_epoch: the epoch must be larger (>= 0): a token that a person left on a Deployment may be newer than
                the record.

        Returns:
            The claim. Its phase is not `prepared` where the same run went further before; then nothing was changed.

        Raises:
            Busy: another run's claim is alive. Leftover: another run's claim expired, restore it first.
            Unreadable: claim annotations that cannot be read.
            PermanentError: the canary has weight although nobody claims it.
        """
        claim = taking.take(
            self._cluster, self._fence, app, run, tuple(targets), stable, canary, expiry_seconds, by, after_epoch
        )  # fmt: skip
        if claim.phase is Phase.PREPARED:
            self.note(claim, "Claimed", f"run {run} of {app} claimed {_list(claim.memory.targets)}")
            return upkeep.renew(self._cluster, self._fence, claim)
        return claim

    def refuse_rivals(self, app: str, run: str, targets: Sequence[Target]) -> None:
        """Look whether another run is in the way of `take`, writing nothing.

        Raises:
            Busy: another run's claim is alive. Leftover: another run's claim expired.
        """
        for target in targets:
            obj = self._fence.read(target.virtual_service)
            refuse_rivals(self._cluster, obj, target, f"claiming {target.virtual_service} for {run}", None, app, run)

    def take_over(self, victim: Claim, run: str, reason: str, *, supersede: bool = False) -> Claim:
        """Take a claim over under a new epoch, in phase rolling-back, keeping its memory; repeatable.

        Stamp the Deployments next, then restore: from here on the old owner cannot write VirtualServices.

        Args:
            victim: the claim as found.
            run: the new owner.
            reason: why, one sentence; it stays in the memory unless a rollback had one already.
            supersede: allow a living victim.

        Raises:
            Busy: the victim is alive after all. NotOwnerError: it was released or taken by somebody else.
        """
        claim = takeover.take_over(self._cluster, self._fence, victim, run, reason, supersede=supersede)
        self.note(claim, "TakenOver", f"run {run} took the claim of run {victim.run} over: {reason}", warning=True)
        return claim

    def held(self, app: str, run: str, names: Sequence[ObjectName]) -> Claim:
        """Return the claim that a run holds on the named VirtualServices.

        Raises:
            NotOwnerError: it holds none: released, taken over, or its token was removed by hand.
        """
        return finding.held(self._cluster, self._fence, app, run, names)

    def claims_on(self, name: ObjectName) -> list[Claim]:
        """Return all claims on a VirtualService, of whatever app, alive or expired."""
        return finding.claims_on(self._cluster, self._fence.read(name))

    def live_claim_on(self, name: ObjectName) -> Claim | None:
        """Return a living claim on a VirtualService, if there is one."""
        now = self._cluster.now()
        return next((claim for claim in self.claims_on(name) if claim.memory.expires >= now), None)

    def is_expired(self, claim: Claim) -> bool:
        """Tell whether a claim expired, by the API server's time."""
        return claim.memory.expires < self._cluster.now()

    def expired(self, namespace: str | None) -> list[Claim]:
        """Return the expired claims in a namespace (None: in all); what cannot be read is logged and left out."""
        return finding.expired(self._cluster, namespace)

    def set_weight(self, claim: Claim, weight: int, *, allow_foreign: bool = False) -> tuple[Claim, int]:
        """Give the canary a weight on every route of a run; a first weight above 0 makes the run walk.

        Args:
            claim: the run's.
            weight: 0-100.
            allow_foreign: enforce the weight whatever others wrote (retreat, rollback, sweep).

        Returns:
            The claim after that, and the weight before.

        Raises:
            ForeignWrite: routes or weights are not as the run last wrote them; names who wrote them.
            NotOwnerError: the claim is gone or another's, or the run's rollback began.
        """
        if not 0 <= weight <= 100:  # noqa: PLR2004 - percent
            raise ValueError(f"weight {weight} is not in 0-100")
        previous = claim.memory.weight
        after = weighing.set_weight(self._cluster, self._fence, claim, weight, allow_foreign=allow_foreign)
        if weight != previous:
            self.note(after, "WeightSet", f"run {claim.run} set the canary's weight from {previous} to {weight}")
        return after, previous

    def set_weight_unclaimed(
        self, targets: Sequence[Target], stable: Destination, canary: Destination, weight: int
    ) -> int:
        """Give the canary a weight (0-100) without a claim, for other pipelines; return the weight before.

        Raises:
            Busy: a living claim owns the routes. Leftover: an expired one does.
        """
        if not 0 <= weight <= 100:  # noqa: PLR2004 - percent
            raise ValueError(f"weight {weight} is not in 0-100")
        return unclaimed.set_weight(self._cluster, self._fence, tuple(targets), stable, canary, weight)

    def retreat(self, claim: Claim, reason: str) -> Claim:
        """Put all weight on stable and begin the rollback, from any phase, in one patch per VirtualService.

        Foreign edits are overwritten. VirtualServices that no longer carry the token are skipped, and all others are
        brought back before the first error is raised.

        Args:
            claim: the run's, in whatever phase it was read.
            reason: one sentence; the first one stays.

        Raises:
            NotOwnerError: the claim is gone or another's. ForeignWrite: a route has no stable to go back to.
        """
        after = retreating.retreat(self._cluster, self._fence, claim, reason)
        if claim.phase is not Phase.ROLLING_BACK:
            self.note(after, "Retreated", f"run {claim.run} put all weight on stable: {reason}", warning=True)
        return after

    def move(self, claim: Claim, phase: Phase, **changes: Any) -> Claim:
        """Move a run to a phase, changing fields of its memory in the same patch.

        Raises:
            ValueError: a phase never goes back.
            NotOwnerError: the claim is gone, another's, or the run is in a phase that this writer did not see.
        """
        return upkeep.move(self._cluster, self._fence, claim, phase, changes)

    def remember(self, claim: Claim, **changes: Any) -> Claim:
        """Change fields of the memory as it is now, under the same token; errors as with `move`."""
        return upkeep.move(self._cluster, self._fence, claim, claim.phase, changes)

    def renew(self, claim: Claim) -> Claim:
        """Verify token and weights on every VirtualService, and once a minute move the expiry on.

        Raises:
            ForeignWrite: weights are not as the run last wrote them (not looked at while rolling back).
            NotOwnerError: the claim is gone, another's, or the run is in a phase that this writer did not see.
        """
        return upkeep.renew(self._cluster, self._fence, claim)

    def approved(self, claim: Claim) -> bool:
        """Tell whether the annotation `canary-steps.io/approve.<app>` on one of the VirtualServices names the run."""
        objects = (self._fence.read(target.virtual_service) for target in claim.memory.targets)
        return any(annotations(obj).get(approval_key(claim.app)) == claim.run for obj in objects)

    def release(self, claim: Claim, record: Record) -> None:
        """Give the claim back; only the record stays, on the first VirtualService. The holder is cleaned last.

        Raises:
            NotOwnerError: the claim is another's, or was removed by hand.
        """
        releasing.release(self._fence, claim, record)
        why = f": {record.reason}" if record.reason else ""
        self.note(claim, "Released", f"run {record.run} of {claim.app} ended, {record.outcome}{why}")

    def last(self, name: ObjectName, app: str) -> Record | None:
        """Return the record of the app's last run on a VirtualService."""
        return releasing.last_record(self._fence.read(name), app)

    def weights(
        self, targets: Sequence[Target], stable: Destination, canary: Destination
    ) -> dict[tuple[ObjectName, str], int]:
        """Return the canary's present weight (0-100) by VirtualService and route.

        Raises:
            ForeignWrite: a route is no longer there.
        """
        found = {}
        for target in targets:
            name = target.virtual_service
            routes, trouble = locate(self._fence.read(name), target.routes, Arms(stable, canary, name.namespace))
            if trouble:
                raise ForeignWrite(f"reading the weights of VirtualService {name}", f"{trouble}.")
            found.update({(name, route.label): route.canary for route in routes})
        return found

    def now(self) -> float:
        """Return the API server's time in unix seconds."""
        return self._cluster.now()

    def subset_labels(self, namespace: str, destination: Destination) -> dict[str, str]:
        """Return the labels of a destination's subset, {} for one without; for a client in `namespace`."""
        return subset_labels(self._cluster, namespace, destination)

    def note(self, claim: Claim, reason: str, message: str, *, warning: bool = False) -> None:
        """Write a Kubernetes Event on the run's first VirtualService; failing that, a log line."""
        about = claim.memory.targets[0].virtual_service
        self._events.note(about, reason, message, uid=self._fence.uids.get(about, ""), warning=warning)


def _list(targets: Sequence[Target]) -> str:
    return ", ".join(f"{target.virtual_service} ({', '.join(target.routes)})" for target in targets)
