"""Deployments that a way back leaves as they are, because they do not carry the token of its run."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import structlog

from steps.claim.claims import Claims
from steps.claim.errors import LostDeployment
from steps.errors import PermanentError
from steps.model.run import Claim

_Result = TypeVar("_Result")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class DeploymentsLeft(PermanentError):  # noqa: N818 - an event, not a fault
    """All users are back, and some Deployments were left as they are, since they are not the run's."""

    reason = "deployments-left"


class LeftAlone:
    """Collects the Deployments that are not the run's.

    Args:
        claim: of the run that goes back.
        claims: knows whether the claim is still the run's.
    """

    def __init__(self, claim: Claim, claims: Claims) -> None:
        self._claim, self._claims = claim, claims
        self._found: dict[str, str] = {}

    def add(self, left: Mapping[str, str]) -> None:
        """Add what `MarkedDeployments.secure` returned; one without any token counts only if it has to be written."""
        workloads = self._claim.state.workloads
        for name, carried in left.items():
            if carried and workloads is not None:
                self._add(f"{workloads.namespace}/{name}", f"it carries the token {carried}")

    def out_of_reach(self) -> None:
        """Add all Deployments: none is behind a route of the claim."""
        workloads = self._claim.state.workloads
        for name in workloads.deployments if workloads is not None else ():
            why = "the routes of the claim's VirtualServices do not lead to its namespace"
            self._add(f"{workloads.namespace if workloads else ''}/{name}", why)

    def changed_by_others(self, deployment: str) -> None:
        """Add a Deployment whose template is neither the old one nor what the run wrote."""
        why = "its pod template is neither that of before the run nor what the run promoted, so somebody changed it"
        self._add(deployment, why)

    def tried(self, write: Callable[[], _Result]) -> _Result | None:
        """Return what a write returns; None if the Deployment is not the run's, and so is left as it is.

        Raises:
            NotOwnerError: the claim was lost as well, so another owner decides.
        """
        try:
            return write()
        except LostDeployment as error:
            self.found(error)
            return None

    def found(self, error: LostDeployment) -> None:
        """Add the Deployment that an error names; raises as `tried`."""
        self._claim = self._claims.update_state(self._claim)
        if error.carried is None and self._claim.state.pin is None:
            # Prepare died before it put its token there, so the run has changed nothing.
            log.info("deployment.untouched", deployment=error.deployment)
        else:
            self._add(error.deployment, error.cause)

    @property
    def sentence(self) -> str:
        """What was left, "" for nothing."""
        return "; ".join(f"Deployment {name} was left as it is: {why}" for name, why in self._found.items())

    def includes(self, deployment: str) -> bool:
        """Return whether a Deployment, by its name with the namespace, was left."""
        return deployment in self._found

    def report(self) -> None:
        """Raise if anything was left.

        Raises:
            DeploymentsLeft: names each Deployment, and why.
        """
        if self._found:
            cause = f"all users are on stable, but {self.sentence}. Look at its pods and its template by hand."
            raise DeploymentsLeft(f"restoring what run {self._claim.run} changed", cause)

    def _add(self, name: str, why: str) -> None:
        self._found.setdefault(name, why.rstrip("."))
        log.warning("deployment.left_alone", deployment=name, reason=why)
