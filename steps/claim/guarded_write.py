"""One fenced write: read, plan on what was read, patch with tests; from the start again if it changed in between."""

import random
import time
from collections.abc import Callable
from typing import Final

from steps.claim.annotations import annotations_of
from steps.claim.errors import ClaimCorrupt
from steps.claim.keys import claim_key
from steps.claim.observed import ObservedClaim, name_of, observe_claim
from steps.claim.token import parse_token
from steps.cluster.api import Cluster, Conflict, Object, Operation
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.errors import NotFound, NotOwnerError, TemporaryError
from steps.model.run import Claim, ObjectName, Phase, RouteTarget, RunState

Decide = Callable[[Object], list[Operation]]
RouteCheck = Callable[[Object, RouteTarget, RunState, str], object]
"""Looks at the routes of a target, for a run with this state, and raises if something is wrong; the text is the action
for the message."""

_SHORTEST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0


class GuardedWriter:
    """Writes to VirtualServices.

    Attributes:
        uids: of the objects read so far; an Event must name it to be listed with its object.

    Args:
        cluster: the API server.
        retry_seconds: how long a write that meets other writers is tried again (>= 0).
    """

    def __init__(self, cluster: Cluster, retry_seconds: float) -> None:
        self._cluster = cluster
        self._retry_seconds = retry_seconds
        self.uids: dict[ObjectName, str] = {}

    def read(self, name: ObjectName) -> Object:
        """Return a VirtualService.

        Raises:
            NotFound: it does not exist.
        """
        try:
            obj = self._cluster.get(VIRTUAL_SERVICE, name.namespace, name.name)
        except NotFound as error:
            cause = f"{error.cause} Name another with --virtual-service namespace/name, or let `init` print one."
            raise NotFound(error.action, cause) from error
        self.uids[name] = str(obj["metadata"].get("uid") or "")
        return obj

    def write(self, name: ObjectName, plan: Decide) -> Object:
        """Bring a VirtualService to what `plan` wants; nothing is sent if it wants nothing.

        Args:
            name: the object.
            plan: operations, with their tests, for the object as read; called again after a conflict. What it raises
                ends the write.

        Returns:
            The object as it is after that.

        Raises:
            TemporaryError: others kept changing the object for `retry_seconds`.
        """
        deadline = time.monotonic() + self._retry_seconds
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            obj = self.read(name)
            operations = plan(obj)
            if not operations:
                return obj
            try:
                return self._cluster.patch(VIRTUAL_SERVICE, name.namespace, name.name, operations)
            except Conflict as conflict:
                if time.monotonic() + pause > deadline:
                    cause = f"it kept changing for {self._retry_seconds:.0f} s ({conflict.cause}). Run the step again."
                    raise TemporaryError(conflict.action, cause) from conflict
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)


def require_own_claim(obj: Object, claim: Claim, phases: frozenset[Phase], doing: str) -> ObservedClaim:
    """Return the claim as `obj` shows it, if it is still this one and in one of `phases`.

    Raises:
        NotOwnerError: the token is gone, another's, or in another phase.
    """
    seen = _seen(obj, claim)
    if seen is None:
        cause = f"the claim of run {claim.run} is gone: it was released, or somebody removed the token to take over."
        raise NotOwnerError(doing, cause)
    if not seen.is_part_of(claim):
        cause = f"the claim went from run {claim.run} (epoch {claim.epoch}) to {seen.token.run} ({seen.token.epoch})."
        raise NotOwnerError(doing, cause)
    if seen.token.phase not in phases:
        if seen.token.phase is Phase.ROLLING_BACK:
            why = f" ({seen.state.reason})" if seen.state.reason else ""
            raise NotOwnerError(doing, f"the rollback of run {claim.run} began{why}; its weight can only fall now.")
        raise NotOwnerError(
            doing, f"run {claim.run} moved on to phase {seen.token.phase}; this step saw {claim.phase}."
        )
    return seen


def _seen(obj: Object, claim: Claim) -> ObservedClaim | None:
    """Return what `obj` shows; where the token is ours and the state was damaged, what this process knows of it.

    So a run heals its state by its next write, and above all can still retreat.
    """
    try:
        return observe_claim(obj, claim.app)
    except ClaimCorrupt:
        if annotations_of(obj).get(claim_key(claim.app)) != claim.token:
            raise
        return ObservedClaim(name_of(obj), claim.app, parse_token(claim.token), claim.state)
