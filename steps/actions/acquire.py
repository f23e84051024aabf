"""Acquire the claim: recover expired runs first, and treat live ones by the policy for a busy app."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from steps.actions.recovery import clean_up, take_over_run
from steps.actions.teardown import TeardownPolicy
from steps.claim.errors import ClaimExpired, ClaimHeld
from steps.model.run import Claim, Destination, RouteTarget, WorkloadState
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class BusyPolicy:
    """What to do while another run holds a live claim.

    Args:
        on_busy: wait until it ends; fail with 7; supersede: roll it back and continue.
        timeout_seconds: how long to wait (>= 0).
        pause: waits so many seconds.
    """

    on_busy: Literal["wait", "fail", "supersede"]
    timeout_seconds: float
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """The claim to acquire.

    Args:
        app: the application. run: id of the run.
        targets: VirtualServices and routes.
        stable: destination of the serving side. canary: of the side under test.
        expiry_seconds: how long the claim outlives its last renewal (> 0).
        by: who releases.
        asked: fingerprint of the release, "" if the image is not given by digest.
        ladder: weights that the run will climb, () if unknown.
    """

    app: str
    run: str
    targets: tuple[RouteTarget, ...]
    stable: Destination
    canary: Destination
    expiry_seconds: float
    by: str
    asked: str = ""
    ladder: tuple[int, ...] = ()


def wait_until_free(
    wanted: ClaimRequest,
    policy: BusyPolicy,
    ending: TeardownPolicy,
    traffic: Traffic,
    workload: Workload,
    same: Callable[[Claim], bool] = lambda _: False,
) -> Claim | None:
    """Return once no other run's claim is in the way: recover expired runs, treat live ones by the policy.

    This comes before the preflight of the Deployments, which a run that died may have left half changed.

    Args:
        wanted: the claim to acquire.
        policy: what to do while another run holds a live claim.
        ending: time limits for the end of a run.
        traffic: the VirtualServices.
        workload: the Deployments.
        same: returns whether a live claim makes this run unnecessary.

    Returns:
        That claim, or None once the app is free.

    Raises:
        ClaimHeld: another run holds the routes: with policy `fail`, or after the waiting time.
    """
    deadline = time.monotonic() + policy.timeout_seconds
    while True:
        try:
            traffic.refuse_competing(wanted.app, wanted.run, wanted.targets)
        except ClaimExpired as found:
            reason = f"the claim of run {found.claim.run} expired"
            clean_up(take_over_run(found.claim, wanted.run, reason, traffic, workload), ending, traffic, workload)
        except ClaimHeld as busy:
            if same(busy.claim):
                return busy.claim
            if policy.on_busy == "supersede":
                reason = f"superseded by run {wanted.run}"
                seized = take_over_run(busy.claim, wanted.run, reason, traffic, workload, live=True)
                clean_up(seized, ending, traffic, workload)
            elif policy.on_busy == "fail" or time.monotonic() >= deadline:
                raise
            else:
                log.info("claim.waiting", holder=busy.claim.run, phase=str(busy.claim.phase))
                policy.pause(_LOOK_SECONDS)
        else:
            return None


def acquire(wanted: ClaimRequest, workloads: WorkloadState, traffic: Traffic, workload: Workload) -> Claim:
    """Claim the app for a run, and remember what the Deployments were at the start.

    A repeated prepare keeps what the first one saw.

    Raises:
        ClaimHeld, ClaimExpired: another run was faster.
    """
    after = workload.epoch(workloads.namespace, workloads.deployments)
    claim = traffic.take(
        wanted.app,
        wanted.run,
        wanted.targets,
        wanted.stable,
        wanted.canary,
        wanted.expiry_seconds,
        wanted.by,
        after,
        wanted.asked,
    )
    if claim.state.workloads is None:
        claim = traffic.update_state(claim, workloads=workloads, ladder=wanted.ladder)
    workload.stamp(claim.state.workloads or workloads, claim.token)
    return claim
