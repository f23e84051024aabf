"""Teardown of a run: time limits, and the drain during which the claim stays alive."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from steps.claim.claims import Claims
from steps.model.run import Claim

_RENEW_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class TeardownPolicy:
    """Time limits for the end of a run.

    Args:
        ready_timeout_seconds: how long stable may take to become ready with its old template (> 0).
        drain_seconds: time between weight 0 and the canary's end (>= 0).
        pause: waits so many seconds.
        standby_seconds: how long the old arm of a swap stays ready (>= 0).
        keep_standby: whether it stays up for good.
    """

    ready_timeout_seconds: float
    drain_seconds: float
    pause: Callable[[float], None] = time.sleep
    standby_seconds: float = 0.0
    keep_standby: bool = False


def drain(claim: Claim, teardown: TeardownPolicy, claims: Claims) -> None:
    """Wait for requests in flight after weight 0, and keep the claim alive meanwhile.

    Raises:
        NotOwnerError: somebody took the claim over in the meantime.
    """
    left = teardown.drain_seconds
    while left > 0:
        teardown.pause(min(left, _RENEW_SECONDS))
        left -= _RENEW_SECONDS
        if left > 0:
            claims.update_state(claim)
