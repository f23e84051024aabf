"""A rung in two pods: analyze starts beside set-weight, and waits until that has set the weight.

What set-weight cannot do for good, it says in the claim, so that analyze does not wait for it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from steps.actions.ladder import is_below_start
from steps.actions.phases import CLIMBING, require_phase
from steps.claim.claims import Claims
from steps.errors import Interrupted, PermanentError, StepError
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_LOOK_SECONDS = 0.5


def await_weight(
    names: ReleaseNames, run: str, weight: int, claims: Claims, pause: Callable[[float], None] = time.sleep
) -> Claim:
    """Return the claim of a run as soon as the run has had a weight, skips it, or rolls back.

    Nothing is written: the claim expires if set-weight dies, since a living set-weight renews it.

    Args:
        names: of the release.
        run: its id.
        weight: percent, 0-100.
        claims: on the VirtualServices.
        pause: waits so many seconds.

    Raises:
        PermanentError: set-weight failed for good, or the claim expired meanwhile.
        NotOwnerError: the run holds no claim, or its promotion began.
    """
    doing = f"waiting until run {run} of {names.app} has weight {weight}"
    is_logged = False
    while True:
        claim = require_phase(names, run, claims, (*CLIMBING, Phase.ROLLING_BACK))
        if claim.phase is Phase.ROLLING_BACK or _is_set(claim, weight) or is_below_start(claim, weight):
            return claim
        if claim.state.reason:
            raise PermanentError(doing, claim.state.reason)
        if claims.now() > claim.state.expires:
            cause = (
                f"the claim expired after {claim.state.expiry_seconds:.0f} s: set-weight has neither set the weight nor"
                " renewed the claim. Look at its pod, then start a new run."
            )
            raise PermanentError(doing, cause)
        if not is_logged:
            log.info("weight.awaited", weight=weight, detail="set-weight, which runs beside this step, sets it")
            is_logged = True
        pause(_LOOK_SECONDS)


def _is_set(claim: Claim, weight: int) -> bool:
    """Return whether the run has had the weight: the users may be back by now, as during a disruption."""
    state = claim.state
    return weight in {state.paused_weight, *(one for _, one in state.weights)}


@contextmanager
def failure_reported(claim: Claim, weight: int, claims: Claims) -> Iterator[None]:
    """Write into the claim why its weight cannot be set, then let the error through.

    Only errors that a retry does not help: after others an engine starts set-weight again, and analyze still waits.

    Args:
        claim: of the run.
        weight: percent, 0-100.
        claims: on the VirtualServices.
    """
    try:
        yield
    except PermanentError as error:
        try:
            claims.update_state(claim, reason=f"weight {weight} could not be set: {error.cause}")
        except Interrupted:
            raise
        except StepError as other:
            log.warning("weight.failure_unreported", weight=weight, error=str(other))
        raise
