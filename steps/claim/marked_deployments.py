"""The Deployments of a claim: its token is put there, handed on to a run that goes back, and taken off."""

from collections.abc import Callable, Iterable
from functools import partial

from steps.claim import holders
from steps.claim.deployments import ClaimedDeployments
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import claim_key, state_key
from steps.claim.marks import Mark, holder_of_claim, marks_on
from steps.claim.unclaimed import require_first
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import NotOwnerError, PermanentError
from steps.model.run import Claim, WorkloadState


class MarkedDeployments:
    """The tokens of claims on Deployments, where they guard writes, too; every call may be repeated after a kill.

    Args:
        cluster: the API server.
        writer: of VirtualServices.
        retry_seconds: how long to retry a write that meets other writers (>= 0).
        warn: writes a warning Event: the claim, its reason, and a sentence.
    """

    def __init__(
        self, cluster: Cluster, writer: GuardedWriter, retry_seconds: float, warn: Callable[[Claim, str, str], None]
    ) -> None:
        self._cluster, self._writer, self._retry_seconds, self._warn = cluster, writer, retry_seconds, warn

    def mark(self, claim: Claim, own: WorkloadState | None) -> None:
        """Write the token of a claim that begins to its Deployments, where it guards writes, too.

        Args:
            claim: with its present token; without Deployments nothing is done.
            own: the Deployments as this process found them: what the claim says may be a stranger's.

        Raises:
            PermanentError: the claim names other Deployments.
            ClaimHeld, ClaimExpired, DeploymentHeld: another claim holds a Deployment, on other VirtualServices.
            LostDeployment: a Deployment carries a later token.
        """
        if (workloads := claim.state.workloads) is None:
            return
        doing = f"claiming the Deployments of {claim.app} for run {claim.run}"
        _require_own(workloads, own, doing, claim.app)

        def refuse(found: Object, mark: Mark) -> None:
            holders.refuse_held(self._cluster, found, mark, claim.app, claim.run, doing)

        self._of(claim).take(workloads.namespace, workloads.deployments, claim.token, refuse)

    def follow(self, claim: Claim) -> None:
        """Bring the token on the claim's Deployments to its present phase; without Deployments nothing is done.

        Raises:
            LostDeployment: a Deployment carries a later token, or lost the one this run had put on it.
        """
        if (workloads := claim.state.workloads) is not None:
            self._of(claim).move(workloads.namespace, workloads.deployments, claim.token)

    def mark_if_owner(self, claim: Claim, own: WorkloadState | None, doing: str) -> None:
        """Write the token to the Deployments, then check that the claim still stands; else take the tokens back.

        A write that was late may come after another process ended the claim.

        Raises:
            As `mark`. NotOwnerError: the claim was ended or taken over; this run's tokens are gone.
        """
        self.mark(claim, own)
        try:
            require_first(self._writer, claim, (claim.phase,), doing)
        except NotOwnerError:
            self.unmark(claim)
            raise

    def secure(self, claim: Claim, victim: Claim | None = None, *, repair: bool = False) -> dict[str, str]:
        """Write the token of a run that goes back to the Deployments that carry it or its predecessor's.

        Args:
            claim: in phase rolling-back; without Deployments nothing is done.
            victim: the claim that it was taken over from, None if it was not.
            repair: replace tokens that cannot be read, and report it by a warning and an Event.

        Returns:
            The Deployments that are not the run's, and so are left alone → the token they carry, "" for none.

        Raises:
            ClaimCorrupt: a token cannot be read, and `repair` is False.
        """
        if (workloads := claim.state.workloads) is None:
            return {}
        before = {claim.state.rescued, victim.run if victim is not None else ""} - {""}
        inherits = partial(holders.inherits, self._cluster, claim, before)
        secured = self._of(claim).secure(
            workloads.namespace, workloads.deployments, claim.token, inherits, repair=repair
        )
        if secured.repaired:
            replaced = ", ".join(secured.repaired)
            message = f"run {claim.run} replaced a token that could not be read on Deployment {replaced}"
            self._warn(claim, "TokenRepaired", message)
        return secured.left

    def refuse_held(self, app: str, run: str, namespace: str, deployments: Iterable[str]) -> None:
        """Check that no claim of other VirtualServices holds Deployments that a run is about to take.

        Raises:
            ClaimHeld: such a claim is alive. ClaimExpired: it died. DeploymentHeld: this account may not look.
        """
        for name in sorted(set(deployments)):
            found = self._cluster.find(DEPLOYMENT, namespace, name)
            for mark in marks_on(found) if found is not None else ():
                doing = f"claiming Deployment {namespace}/{name} for {run}"
                holders.refuse_held(self._cluster, found or {}, mark, app, run, doing)

    def highest_epoch(self, app: str, workloads: WorkloadState) -> int:
        """Return the highest epoch found on Deployments, 0 for none; a new claim needs a higher one."""
        deployments = ClaimedDeployments(self._cluster, claim_key(app), self._retry_seconds)
        return deployments.highest_epoch(workloads.namespace, workloads.deployments)

    def release(self, claim: Claim) -> None:
        """Remove the claim's token, and those that a former owner put there late."""
        if (workloads := claim.state.workloads) is not None:
            self._of(claim).remove_token(workloads.namespace, workloads.deployments, claim.token)

    def unmark(self, claim: Claim) -> None:
        """Remove the claim's own tokens, for a claim that could not be completed."""
        if (workloads := claim.state.workloads) is not None:
            deployments = self._of(claim)
            deployments.remove_token(workloads.namespace, workloads.deployments, claim.token, inherited=False)

    def _of(self, claim: Claim) -> ClaimedDeployments:
        return ClaimedDeployments(self._cluster, claim_key(claim.app), self._retry_seconds, holder_of_claim(claim))


def _require_own(workloads: WorkloadState, own: WorkloadState | None, doing: str, app: str) -> None:
    known = {(own.namespace, name) for name in own.deployments} if own is not None else set()
    foreign = {(workloads.namespace, name) for name in workloads.deployments} - known
    if foreign:
        names = ", ".join("/".join(one) for one in sorted(foreign))
        cause = (
            f"its claim names {names}, which this release does not concern: the annotation {state_key(app)} was"
            " changed, or the run began with other settings. Roll the run back and start it again."
        )
        raise PermanentError(doing, cause)
