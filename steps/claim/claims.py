"""The front of this package: what steps do with claims."""

from collections.abc import Sequence
from functools import partial
from typing import Unpack

import structlog

from steps.claim import acquire, lookup, release, renewal, reopen, takeover, transition, verdicts
from steps.claim.acquire import ClaimRequest
from steps.claim.amend import RouteCheck, RouteStart
from steps.claim.annotations import annotations_of
from steps.claim.events import Events
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import approval_key
from steps.claim.last_record import last_record
from steps.claim.marked_deployments import MarkedDeployments
from steps.claim.release import RouteEnd, keep_routes
from steps.claim.smaller_patch import smaller_patches
from steps.claim.state import StateChanges
from steps.claim.takeover import RouteReturn, leave_routes
from steps.cluster.api import Cluster
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.model.looks import LastLook
from steps.model.run import Claim, ObjectName, Phase, Record, RouteTarget
from steps.model.rungs import RungVerdict

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_NOT_FOUND = "Name another with --virtual-service namespace/name, or let `init` print one."


class Claims:
    """Claims as the steps use them. Every call is idempotent: it may be repeated after a kill.

    All calls raise, besides what they name: Forbidden (a verb is not allowed), NotFound (a VirtualService is missing),
    TemporaryError (the API server is in trouble, or others kept changing the object), ClaimCorrupt (annotations of a
    claim cannot be read).

    Attributes:
        writer: reads and writes the VirtualServices.
        deployments: puts the tokens on Deployments, and takes them off.

    Args:
        cluster: the API server, or its rehearsal.
        retry_seconds: how long to retry a write that meets other writers (>= 0).
    """

    def __init__(self, cluster: Cluster, retry_seconds: float = 10.0) -> None:
        self._cluster = cluster
        self._events = Events(cluster)
        self.writer = GuardedWriter(cluster, VIRTUAL_SERVICE, retry_seconds, _NOT_FOUND, smaller_patches)
        self.deployments = MarkedDeployments(cluster, self.writer, retry_seconds, partial(self.note, warning=True))

    def now(self) -> float:
        """Return the API server's time in unix seconds."""
        return self._cluster.now()

    def held(self, app: str, run: str, names: Sequence[ObjectName]) -> Claim:
        """Return the claim that a run holds on the named VirtualServices.

        Raises:
            NotOwnerError: it holds none: released, taken over, or its token was removed by hand.
        """
        return lookup.claim_of_run(self.writer, app, run, names)

    def claims_on(self, name: ObjectName) -> list[Claim]:
        """Return all claims on a VirtualService, of any app, alive or expired, that can be read."""
        return lookup.claims_on(self._cluster, self.writer.read(name))

    def claim_on(self, name: ObjectName, app: str) -> Claim | None:
        """Return an app's claim on a VirtualService, alive or expired, whatever other apps have there; None for none.

        Raises:
            ClaimCorrupt: it cannot be read.
        """
        return lookup.claim_on(self._cluster, self.writer.read(name), app)

    def expired(self, namespace: str | None, troubles: list[Exception] | None = None) -> list[Claim]:
        """Return the expired claims in a namespace (None: in all).

        Args:
            namespace: where to look.
            troubles: receives an error for each claim that cannot be read; such a claim is logged and left out.
        """
        return lookup.expired_claims(self._cluster, namespace, [] if troubles is None else troubles)

    def approved(self, claim: Claim) -> bool:
        """Return whether the annotation `canary-steps.io/approve.<app>` on one of the VirtualServices names the run."""
        objects = (self.writer.read(target.virtual_service) for target in claim.state.targets)
        return any(annotations_of(obj).get(approval_key(claim.app)) == claim.run for obj in objects)

    def last(self, name: ObjectName, app: str) -> Record | None:
        """Return the record of the app's last run on a VirtualService."""
        return last_record(self.writer.read(name), app)

    def refuse_competing(self, app: str, run: str, targets: Sequence[RouteTarget]) -> None:
        """Check that no other run prevents `take`; nothing is written.

        Raises:
            ClaimHeld: another run's claim is alive. ClaimExpired: another run's claim expired.
        """
        for target in targets:
            doing = f"claiming {target.virtual_service} for {run}"
            obj = self.writer.read(target.virtual_service)
            lookup.refuse_competing(self._cluster, obj, target, doing, None, app, run)

    def take(self, request: ClaimRequest, *, check: RouteStart, after_epoch: int = 0) -> Claim:
        """Take the claim for a run, by compare-and-swap; a run that has it gets it as it is.

        Args:
            request: the claim to acquire.
            check: refuses routes that are not at rest, or returns what gives them the request's first weight, in the
                patch that takes the claim.
            after_epoch: the epoch must be larger (>= 0): a token that a person left on a Deployment may be newer than
                the record.

        Returns:
            The claim. Its phase is not `prepared` if the same run got further before; then nothing was changed.

        Raises:
            ClaimHeld: another run's claim is alive. ClaimExpired: another run's claim expired, take it over first.
            What `check` raises.
        """
        claim = acquire.take(self.writer, request, after_epoch, check)
        if claim.phase is Phase.PREPARED:
            targets = ", ".join(f"{one.virtual_service} ({', '.join(one.routes)})" for one in claim.state.targets)
            self.note(claim, "Claimed", f"run {claim.run} of {request.app} claimed {targets}")
        return claim

    def reopen(self, claim: Claim) -> Claim:
        """Take the claim of an app without a run, for an undo, by compare-and-swap; repeatable.

        Args:
            claim: what to write, in phase rolling-back; its epoch is made higher than the record's where it is not.

        Returns:
            The claim on all its VirtualServices, and on its Deployments.

        Raises:
            ClaimHeld, ClaimExpired, DeploymentHeld: another run has a claim, on the VirtualServices or the Deployments.
            NotOwnerError: another run ended in the meantime, so that the promotion is no longer the last one.
        """
        # The Deployments first: what finds the claim after a kill restores only those that carry its token.
        opened = claim
        try:
            self.deployments.mark(claim, claim.state.workloads)
            opened = reopen.reopen(self.writer, claim)
            self.deployments.mark(opened, claim.state.workloads)
        except Interrupted:
            raise
        except StepError:
            self._try_to_give_back(opened)
            raise
        targets = ", ".join(str(one.virtual_service) for one in opened.state.targets)
        undone = opened.state.undoes
        self.note(opened, "Claimed", f"run {opened.run} of {opened.app} claimed {targets} to undo {undone}")
        return opened

    def complete_reopened(self, claim: Claim, *, everywhere: bool = False) -> None:
        """Claim the VirtualServices that a killed undo had not claimed yet; raises as `reopen`.

        Args:
            claim: of the undo.
            everywhere: also in other namespaces than the first one's. Only for the person who undoes: the claim says
                which they are, and nobody may claim by it what belongs to others by the rights of a sweep.
        """
        reopen.claim_others(self.writer, claim, everywhere=everywhere)

    def take_over(
        self,
        victim: Claim,
        run: str,
        reason: str,
        *,
        supersede: bool = False,
        undoes: str = "",
        routes: RouteReturn = leave_routes,
    ) -> Claim:
        """Take a claim over under a new epoch, in phase rolling-back, keeping its state; repeatable.

        From here on the old owner cannot write VirtualServices; `deployments.secure` keeps it from the Deployments.
        If some VirtualServices cannot be written, all others are, before the first error is raised.

        Args:
            victim: the claim as found.
            run: the new owner.
            reason: why, one sentence; it stays in the state unless a rollback had one already.
            supersede: allow a living victim.
            undoes: id of the promoted run if its promotion is to be undone, "" for any other takeover.
            routes: returns what moves the users in the same patch.

        Raises:
            ClaimHeld: the victim is still alive. NotOwnerError: it was released or taken by somebody else.
            ClaimCorrupt: the claim cannot be read.
        """
        claim = takeover.take_over(self.writer, victim, run, reason, supersede=supersede, undoes=undoes, routes=routes)
        self.note(claim, "TakenOver", f"run {run} took the claim of run {victim.run} over: {reason}", warning=True)
        return claim

    def renew(self, claim: Claim, *, check: RouteCheck, look: LastLook | None = None) -> Claim:
        """Verify token and routes on every VirtualService, and extend the expiry once a minute.

        Args:
            claim: the run's.
            check: refuses routes that are not as the run last wrote them; not called while the run rolls back.
            look: what the judge saw last, kept in the state where that is written anyway; None keeps the one there.

        Raises:
            NotOwnerError: the claim is gone, another's, or the run is in a phase that this writer did not see.
            What `check` raises.
        """
        return renewal.renew(self.writer, claim, check, look)

    def move(self, claim: Claim, phase: Phase, **changes: Unpack[StateChanges]) -> Claim:
        """Move a run to a phase, changing its state in the same patch; the Deployments follow.

        Raises:
            ValueError: a phase never goes back.
            NotOwnerError: the claim is gone, another's, or the run is in a phase that this writer did not see.
        """
        moved = transition.move(self.writer, claim, phase, changes)
        self.deployments.follow(moved)
        return moved

    def update_state(self, claim: Claim, **changes: Unpack[StateChanges]) -> Claim:
        """Change the present state under the same token; raises as `move`."""
        return transition.move(self.writer, claim, claim.phase, changes)

    def keep_verdict(self, claim: Claim, verdict: RungVerdict, since: float, look: LastLook | None = None) -> Claim:
        """Keep the verdict of a rung in the claim, in one patch of the first VirtualService; repeatable.

        Args:
            claim: the run's, in the phase it was judged in.
            verdict: of the rung.
            since: when the judged weight was set, as the state has it (unix seconds). If another weight was set since,
                nothing is written, and a warning is logged: the verdict is not about what users get now.
            look: what the judge saw last; None keeps the one in the state.

        Raises:
            NotOwnerError: the claim is gone, another's, or the run is in a phase that this writer did not see.
        """
        return verdicts.keep_verdict(self.writer, claim, verdict, since, look)

    def approve(self, claim: Claim) -> None:
        """Open the gate of a run, in the phase it was read in.

        Raises:
            NotOwnerError: the claim is gone, another's, or the run rolls back by now.
        """
        if claim.phase is Phase.ROLLING_BACK:
            why = f" ({claim.state.reason})" if claim.state.reason else ""
            raise NotOwnerError(f"approving run {claim.run}", f"its rollback began{why}: there is no gate to open.")
        transition.approve(self.writer, claim)
        self.note(claim, "Approved", f"run {claim.run} of {claim.app} was approved at weight {claim.state.weight}")

    def release(self, claim: Claim, record: Record, routes: RouteEnd = keep_routes) -> None:
        """Release the claim, first on Deployments, last on the anchor, where only the record stays.

        Args:
            claim: of the run.
            record: of its end.
            routes: returns what moves users in the same patch.

        Raises:
            NotOwnerError: the claim is another's, or was removed by hand.
        """
        self.deployments.release(claim)
        release.release(self.writer, claim, record, routes)
        why = f": {record.reason}" if record.reason else ""
        self.note(claim, "Released", f"run {record.run} of {claim.app} ended, {record.outcome}{why}")

    def give_back(self, claim: Claim) -> None:
        """Remove the tokens of a claim that could not be completed, first from the Deployments; see `take`."""
        self.deployments.unmark(claim)
        acquire.give_back(self.writer, claim)

    def _try_to_give_back(self, claim: Claim) -> None:
        """Remove the tokens of an undo whose own error is the one to report, first from the VirtualServices.

        A Deployment that cannot be written must not keep the claim, by which a sweep would undo after all. A token that
        stays there stops nobody.
        """
        for remove in (partial(acquire.give_back, self.writer, claim), partial(self.deployments.unmark, claim)):
            try:
                remove()
            except Interrupted:
                raise
            except StepError as error:
                log.warning("claim.not_given_back", run=claim.run, detail=str(error))

    def note(self, claim: Claim, reason: str, message: str, *, warning: bool = False) -> None:
        """Write a Kubernetes Event on the run's first VirtualService; if that fails, log a line."""
        about = claim.state.targets[0].virtual_service
        self._events.note(about, reason, message, uid=self.writer.uids.get(about, ""), warning=warning)
