"""The promotion of a swap: all users move to the canary, and the old arm stands by before it is scaled down."""

import structlog

from steps.actions.shift import ensure_canary_capacity
from steps.actions.teardown import TeardownPolicy, drain
from steps.errors import ForeignWrite
from steps.model.run import Claim, Phase
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

ALL = 100
_LOOK_SECONDS = 10.0


def is_swap(claim: Claim) -> bool:
    """Return whether the two Deployments of a run take turns."""
    return claim.state.workloads is not None and claim.state.workloads.is_swap


def is_swapped(claim: Claim, traffic: Traffic, workload: Workload) -> bool:
    """Return whether only the end of a swap is missing: all users are on the canary, which can answer them."""
    state = claim.state
    if claim.phase is not Phase.PROMOTING or state.workloads is None or state.weight != ALL:
        return False
    try:
        weights = traffic.weights(state.targets, state.stable, state.canary)
    except ForeignWrite:
        return False
    return set(weights.values()) == {ALL} and workload.ready_arms(state.workloads)[1]


def move_users(claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> Claim:
    """Scale the canary up for all users, then give it all weight; safe to repeat after a kill.

    Raises:
        TemporaryError, PermanentError: the canary does not get the pods. ForeignWrite: others changed the weights or
            the canary. NotOwnerError: the claim was lost.
    """
    claim = ensure_canary_capacity(claim, ALL, traffic, workload, teardown.ready_timeout_seconds)
    if claim.state.workloads is not None and claim.state.pin is not None:
        workload.check_pin(claim.state.workloads, claim.state.pin)
    claim, previous = traffic.set_weight(claim, ALL)
    log.info("weight.set", weight=ALL, previous_weight=previous)
    return claim


def retire_stable(
    claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload, *, enforce: bool
) -> Claim:
    """Let the old arm stand by, then scale it to 0, unless other routes lead to it or it is to be kept.

    Args:
        claim: of the run, with all weight on the canary.
        teardown: how long the old arm stands by.
        traffic: VirtualServices.
        workload: Deployments.
        enforce: set the weight once more although others changed the routes.

    Raises:
        ForeignWrite: somebody else changed the weights, and `enforce` is not set. NotOwnerError: somebody took over.
    """
    claim, _ = traffic.set_weight(claim, ALL, allow_foreign=enforce)
    claim = _stand_by(claim, teardown, traffic)
    drain(claim, teardown, traffic.claims)
    if claim.state.workloads is not None and not teardown.keep_standby:
        workload.scale_stable_down(claim.state.workloads, claim.token)
    return claim


def _stand_by(claim: Claim, teardown: TeardownPolicy, traffic: Traffic) -> Claim:
    """Wait for the rest of the standby, which began with weight 100; a repeated promote does not begin it again."""
    since = claim.state.weights[-1][0]
    left = since + teardown.standby_seconds - traffic.claims.now()
    if left > 0:
        log.info("standby.began", deployment=_stable_of(claim), seconds=round(left, 1))
    while left > 0:
        teardown.pause(min(left, _LOOK_SECONDS))
        left -= _LOOK_SECONDS
        claim = traffic.claims.renew(claim, check=traffic.own_weights)
    return claim


def _stable_of(claim: Claim) -> str:
    return claim.state.workloads.stable if claim.state.workloads is not None else ""
