"""Acquire the claim: recover expired runs first, and treat live ones by the policy for a busy app."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from steps.actions.at_rest import with_first_weight
from steps.actions.left_alone import DeploymentsLeft
from steps.actions.recovery import Takeover, clean_up, take_over_run
from steps.actions.teardown import TeardownPolicy
from steps.claim.acquire import ClaimRequest
from steps.claim.errors import ClaimExpired, ClaimHeld, DeploymentHeld
from steps.errors import NotOwnerError, PermanentError
from steps.model.run import Claim, Phase, WorkloadState
from steps.traffic.at_rest import AtRest
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class BusyPolicy:
    """What to do while another run holds a live claim.

    Args:
        on_busy: wait until it ends; fail with 7; supersede: roll it back and continue.
        timeout_seconds: how long to wait (>= 0).
        pause: waits so many seconds.
        is_hotfix: whether the waiting run is a hotfix.
    """

    on_busy: Literal["wait", "fail", "supersede"]
    timeout_seconds: float
    pause: Callable[[float], None] = time.sleep
    is_hotfix: bool = False

    def towards(self, holder: Claim) -> Literal["wait", "fail", "supersede"]:
        """Return what to do about a run: a hotfix does not wait for a release, and no release takes one back."""
        if self.is_hotfix and self.on_busy == "wait":
            return "fail" if holder.state.hotfix else "supersede"
        if holder.state.hotfix and not self.is_hotfix and self.on_busy == "supersede":
            return "wait"
        return self.on_busy


def wait_until_free(
    request: ClaimRequest,
    policy: BusyPolicy,
    teardown: TeardownPolicy,
    traffic: Traffic,
    workload: Workload,
    is_duplicate: Callable[[Claim], bool] = lambda _: False,
    deployments: tuple[str, tuple[str, ...]] = ("", ()),
) -> Claim | None:
    """Return once no other run's claim is in the way: recover expired runs, treat live ones by the policy.

    This comes before the preflight of the Deployments, which a run that died may have left half changed.

    Args:
        request: the claim to acquire.
        policy: what to do while another run holds a live claim.
        teardown: time limits for the end of a run.
        traffic: the VirtualServices.
        workload: the Deployments.
        is_duplicate: returns whether a live claim makes this run unnecessary.
        deployments: namespace and names of the Deployments that the run will take.

    Returns:
        That claim, or None once the app is free.

    Raises:
        ClaimHeld: another run holds the routes or the Deployments: with policy `fail`, or after the waiting time.
        DeploymentHeld: the same, where this account may not look at that run's claim.
    """
    deadline = time.monotonic() + policy.timeout_seconds
    while True:
        try:
            traffic.claims.refuse_competing(request.app, request.run, request.targets)
            traffic.claims.deployments.refuse_held(request.app, request.run, *deployments)
        except ClaimExpired as found:
            reason = f"the claim of run {found.claim.run} expired"
            _recover(take_over_run(found.claim, request.run, reason, traffic, workload), teardown, traffic, workload)
        except ClaimHeld as busy:
            if is_duplicate(busy.claim):
                return busy.claim
            chosen = policy.towards(busy.claim)
            if chosen == "supersede":
                reason = f"superseded by run {request.run}"
                takeover = take_over_run(busy.claim, request.run, reason, traffic, workload, live=True)
                _recover(takeover, teardown, traffic, workload)
            else:
                _wait(
                    replace(policy, on_busy=chosen), deadline, busy, holder=busy.claim.run, phase=str(busy.claim.phase)
                )
        except DeploymentHeld as unknown:
            if policy.is_hotfix:
                raise
            _wait(policy, deadline, unknown, detail=unknown.cause)
        else:
            return None


def _wait(policy: BusyPolicy, deadline: float, busy: NotOwnerError, **facts: str) -> None:
    """Wait a moment for the run that is in the way, or raise what says so."""
    if policy.on_busy != "wait" or time.monotonic() >= deadline:
        raise busy
    log.info("claim.waiting", **facts)
    policy.pause(_POLL_SECONDS)


def _recover(takeover: Takeover, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> None:
    """Clean up after another run; what was not that run's does not keep this one from beginning."""
    try:
        clean_up(takeover, teardown, traffic, workload)
    except DeploymentsLeft as error:
        log.warning("recovery.incomplete", victim=takeover.victim.run, detail=str(error))


def acquire(request: ClaimRequest, workloads: WorkloadState, traffic: Traffic, at_rest: AtRest = "refuse") -> Claim:
    """Claim the app for a run, and remember what the Deployments were at the start.

    A repeated prepare keeps what the first one saw.

    Args:
        request: the claim to acquire.
        workloads: the Deployments as they are.
        traffic: the VirtualServices.
        at_rest: what to do about a canary that has users.

    Raises:
        PermanentError: the canary has users, and they are neither returned nor taken over; or the run began otherwise.
        ClaimHeld, ClaimExpired, DeploymentHeld: another run was faster.
    """
    claims = traffic.claims
    after = claims.deployments.highest_epoch(request.app, workloads)
    request = with_first_weight(request, at_rest, traffic)
    claim = claims.take(request, check=traffic.starts[at_rest], after_epoch=after)
    _refuse_other_kind(claim, request)
    if claim.phase is Phase.PREPARED:
        claim = claims.renew(claim, check=traffic.own_weights)
    if claim.state.workloads is None:
        claim = claims.update_state(claim, workloads=workloads, ladder=request.ladder)
    try:
        claims.deployments.mark(claim, workloads)
        # Again: a slow process may have put tokens on Deployments whose claim was ended meanwhile.
        return claims.update_state(claim)
    except NotOwnerError:
        if claim.phase is Phase.PREPARED:
            claims.give_back(claim)  # of two runs that found the Deployments free, the other one was faster
        raise


def _refuse_other_kind(claim: Claim, request: ClaimRequest) -> None:
    """Refuse to go on with a run that began as a hotfix, or that did not: its judge would change in the middle."""
    if bool(claim.state.hotfix) == bool(request.hotfix):
        return
    began, flag = ("as a hotfix", "add") if claim.state.hotfix else ("without --hotfix", "leave out")
    cause = f"it began {began}: {flag} --hotfix to go on with it, or roll it back and use another --run."
    raise PermanentError(f"going on with run {claim.run}", cause)
