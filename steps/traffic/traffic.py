"""The front of this package: what steps do with VirtualServices."""

from collections.abc import Sequence
from typing import Any

from steps.claim import acquire, release, renewal, takeover, transition, verdicts
from steps.claim.events import Events
from steps.claim.lookup import refuse_competing
from steps.cluster.api import Cluster
from steps.errors import NotOwnerError
from steps.model.run import Claim, Destination, Phase, Record, RouteTarget
from steps.model.rungs import RungVerdict
from steps.traffic import checks, drift, retreat, weights
from steps.traffic.reading import Reading


class Traffic(Reading):
    """VirtualServices as the steps use them. Every call states what should be, and may be repeated after a kill.

    All calls raise, besides what they name: Forbidden (a verb is not allowed), NotFound (a VirtualService is missing),
    TemporaryError (the API server is in trouble, or others kept changing the object).

    Args:
        cluster: the API server, or its rehearsal.
        retry_seconds: how long a write that meets other writers is tried again (>= 0).
    """

    def __init__(self, cluster: Cluster, retry_seconds: float = 10.0) -> None:
        super().__init__(cluster, retry_seconds)
        self._events = Events(cluster)

    def resolve(
        self, wanted: Sequence[RouteTarget], stable: Destination, canary: Destination
    ) -> tuple[RouteTarget, ...]:
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
        return checks.resolve(self._cluster, self._writer, tuple(wanted), stable, canary)

    def take(
        self,
        app: str,
        run: str,
        targets: Sequence[RouteTarget],
        stable: Destination,
        canary: Destination,
        expiry_seconds: float = 600.0,
        by: str = "",
        after_epoch: int = 0,
        asked: str = "",
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
            asked: fingerprint of what is released, see `Memory`.

        Returns:
            The claim. Its phase is not `prepared` where the same run went further before; then nothing was changed.

        Raises:
            ClaimHeld: another run's claim is alive. ClaimExpired: another run's claim expired, restore it first.
            ClaimCorrupt: claim annotations that cannot be read.
            PermanentError: the canary has weight although nobody claims it.
        """
        claim = acquire.take(
            self._cluster, self._writer, app, run, tuple(targets), stable, canary, expiry_seconds, by, after_epoch,
            asked, checks.require_rest,
        )  # fmt: skip
        if claim.phase is Phase.PREPARED:
            self.note(claim, "Claimed", f"run {run} of {app} claimed {_list(claim.state.targets)}")
            return renewal.renew(self._cluster, self._writer, claim, drift.require_own_routes)
        return claim

    def refuse_competing(self, app: str, run: str, targets: Sequence[RouteTarget]) -> None:
        """Look whether another run is in the way of `take`, writing nothing.

        Raises:
            ClaimHeld: another run's claim is alive. ClaimExpired: another run's claim expired.
        """
        for target in targets:
            obj = self._writer.read(target.virtual_service)
            refuse_competing(self._cluster, obj, target, f"claiming {target.virtual_service} for {run}", None, app, run)

    def take_over(self, victim: Claim, run: str, reason: str, *, supersede: bool = False) -> Claim:
        """Take a claim over under a new epoch, in phase rolling-back, keeping its state; repeatable.

        Stamp the Deployments next, then restore: from here on the old owner cannot write VirtualServices.

        Args:
            victim: the claim as found.
            run: the new owner.
            reason: why, one sentence; it stays in the state unless a rollback had one already.
            supersede: allow a living victim.

        Raises:
            ClaimHeld: the victim is alive after all. NotOwnerError: it was released or taken by somebody else.
        """
        claim = takeover.take_over(self._cluster, self._writer, victim, run, reason, supersede=supersede)
        self.note(claim, "TakenOver", f"run {run} took the claim of run {victim.run} over: {reason}", warning=True)
        return claim

    def set_weight(
        self, claim: Claim, weight: int, *, allow_foreign: bool = False, **changes: Any
    ) -> tuple[Claim, int]:
        """Give the canary a weight on every route of a run; a first weight above 0 makes the run walk.

        A pause of the weight ends by it, unless `changes` say otherwise.

        Args:
            claim: the run's.
            weight: 0-100.
            allow_foreign: enforce the weight whatever others wrote (retreat, rollback, sweep).
            changes: fields of the state that change in the same patch.

        Returns:
            The claim after that, and the weight before.

        Raises:
            ForeignWrite: routes or weights are not as the run last wrote them; names who wrote them.
            NotOwnerError: the claim is gone or another's, or the run's rollback began.
        """
        if not 0 <= weight <= 100:  # noqa: PLR2004 - percent
            raise ValueError(f"weight {weight} is not in 0-100")
        previous = claim.state.weight
        after = weights.set_weight(self._cluster, self._writer, claim, weight, changes, allow_foreign=allow_foreign)
        if weight != previous:
            self.note(after, "WeightSet", f"run {claim.run} set the canary's weight from {previous} to {weight}")
        return after, previous

    def set_weight_unclaimed(
        self, targets: Sequence[RouteTarget], stable: Destination, canary: Destination, weight: int
    ) -> int:
        """Give the canary a weight (0-100) without a claim, for other pipelines; return the weight before.

        Raises:
            ClaimHeld: a living claim owns the routes. ClaimExpired: an expired one does.
        """
        if not 0 <= weight <= 100:  # noqa: PLR2004 - percent
            raise ValueError(f"weight {weight} is not in 0-100")
        return weights.set_weight_unclaimed(self._cluster, self._writer, tuple(targets), stable, canary, weight)

    def retreat(self, claim: Claim, reason: str, verdict: RungVerdict | None = None) -> Claim:
        """Put all weight on stable and begin the rollback, from any phase, in one patch per VirtualService.

        Foreign edits are overwritten. VirtualServices that no longer carry the token are skipped, and all others are
        brought back before the first error is raised.

        Args:
            claim: the run's, in whatever phase it was read.
            reason: one sentence; the first one stays.
            verdict: what the rung was judged, to be kept by the same patch; None where nothing was.

        Raises:
            NotOwnerError: the claim is gone or another's. ForeignWrite: a route has no stable to go back to.
        """
        after = retreat.retreat(self._cluster, self._writer, claim, reason, verdict)
        if claim.phase is not Phase.ROLLING_BACK:
            self.note(after, "Retreated", f"run {claim.run} put all weight on stable: {reason}", warning=True)
        return after

    def move(self, claim: Claim, phase: Phase, **changes: Any) -> Claim:
        """Move a run to a phase, changing fields of its state in the same patch.

        Raises:
            ValueError: a phase never goes back.
            NotOwnerError: the claim is gone, another's, or the run is in a phase that this writer did not see.
        """
        return transition.move(self._cluster, self._writer, claim, phase, changes)

    def update_state(self, claim: Claim, **changes: Any) -> Claim:
        """Change fields of the state as it is now, under the same token; errors as with `move`."""
        return transition.move(self._cluster, self._writer, claim, claim.phase, changes)

    def keep_verdict(self, claim: Claim, verdict: RungVerdict, since: float) -> Claim:
        """Keep the verdict of a rung in the claim, in one patch of the first VirtualService; repeatable.

        Args:
            claim: the run's, in the phase it was judged in.
            verdict: what was said of the rung.
            since: when the judged weight was set, as the state has it (unix seconds). If another weight was set since,
                nothing is written, and a warning is logged: the verdict is not about what users get now.

        Raises:
            NotOwnerError: the claim is gone, another's, or the run is in a phase that this writer did not see.
        """
        return verdicts.keep_verdict(self._cluster, self._writer, claim, verdict, since)

    def renew(self, claim: Claim) -> Claim:
        """Verify token and weights on every VirtualService, and once a minute move the expiry on.

        Raises:
            ForeignWrite: weights are not as the run last wrote them (not looked at while rolling back).
            NotOwnerError: the claim is gone, another's, or the run is in a phase that this writer did not see.
        """
        return renewal.renew(self._cluster, self._writer, claim, drift.require_own_routes)

    def approve(self, claim: Claim) -> None:
        """Open the gate of a run, in the phase it was read in.

        Raises:
            NotOwnerError: the claim is gone, another's, or the run rolls back by now.
        """
        if claim.phase is Phase.ROLLING_BACK:
            why = f" ({claim.state.reason})" if claim.state.reason else ""
            raise NotOwnerError(f"approving run {claim.run}", f"its rollback began{why}: there is no gate to open.")
        transition.approve(self._writer, claim)
        self.note(claim, "Approved", f"run {claim.run} of {claim.app} was approved at weight {claim.state.weight}")

    def release(self, claim: Claim, record: Record) -> None:
        """Give the claim back; only the record stays, on the first VirtualService. The anchor is cleaned last.

        Raises:
            NotOwnerError: the claim is another's, or was removed by hand.
        """
        release.release(self._writer, claim, record)
        why = f": {record.reason}" if record.reason else ""
        self.note(claim, "Released", f"run {record.run} of {claim.app} ended, {record.outcome}{why}")

    def note(self, claim: Claim, reason: str, message: str, *, warning: bool = False) -> None:
        """Write a Kubernetes Event on the run's first VirtualService; failing that, a log line."""
        about = claim.state.targets[0].virtual_service
        self._events.note(about, reason, message, uid=self._writer.uids.get(about, ""), warning=warning)


def _list(targets: Sequence[RouteTarget]) -> str:
    return ", ".join(f"{target.virtual_service} ({', '.join(target.routes)})" for target in targets)
