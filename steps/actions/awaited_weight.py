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
    names: ReleaseNames,
    run: str,
    weight: int,
    silent_seconds: float,
    claims: Claims,
    pause: Callable[[float], None] = time.sleep,
) -> Claim:
    """Return the claim of a run as soon as the run has had a weight, skips it, or rolls back.

    Nothing is written: a living set-weight renews the claim, so its silence shows here, and the claim expires.

    Args:
        names: of the release.
        run: its id.
        weight: percent, 0-100.
        silent_seconds: how long to wait without a renewal; 0: until the claim expires.
        claims: on the VirtualServices.
        pause: waits so many seconds.

    Raises:
        PermanentError: set-weight failed for good, gave no sign for too long, or the claim expired meanwhile.
        NotOwnerError: the run holds no claim, or its promotion began.
    """
    doing = f"waiting until run {run} of {names.app} has weight {weight}"
    is_logged, began = False, claims.now()
    while True:
        claim = require_phase(names, run, claims, (*CLIMBING, Phase.ROLLING_BACK))
        if claim.phase is Phase.ROLLING_BACK or _is_set(claim, weight) or is_below_start(claim, weight):
            return claim
        if claim.state.reason:
            raise PermanentError(doing, claim.state.reason)
        if (cause := _given_up(claim, began, claims.now(), silent_seconds)) is not None:
            raise PermanentError(doing, cause)
        if not is_logged:
            log.info("weight.awaited", weight=weight, detail="set-weight, which runs beside this step, sets it")
            is_logged = True
        pause(_LOOK_SECONDS)


def _given_up(claim: Claim, began: float, now: float, silent_seconds: float) -> str | None:
    """Return why nobody will set the weight any more, None while somebody may.

    Args:
        claim: as it is now.
        began: when the wait began (unix seconds): before, there was no set-weight to hear of.
        now: the API server's time, unix seconds.
        silent_seconds: see `await_weight`.
    """
    state = claim.state
    silent = now - max(began, state.expires - state.expiry_seconds)
    if now > state.expires:
        what = f"the claim expired after {state.expiry_seconds:.0f} s"
    elif silent_seconds and silent > silent_seconds:
        what = f"no sign of set-weight for {silent:.0f} s (--await-seconds {silent_seconds:g})"
    else:
        return None
    return (
        f"{what}: it has neither set the weight nor renewed the claim, which it does each minute. Users are still at"
        f" weight {state.weight}. Find out whether its pod died or never started, then start a new run."
    )


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
