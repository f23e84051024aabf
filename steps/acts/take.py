"""Acquire the claim: recover expired runs first, and treat live ones by the policy for a busy app."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from steps.acts.ending import Ending
from steps.acts.repair import seize, settle
from steps.model.run import Claim, Destination, Target, WorkloadMemory
from steps.traffic.owners import Busy, Leftover
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
class Wanted:
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
    targets: tuple[Target, ...]
    stable: Destination
    canary: Destination
    expiry_seconds: float
    by: str
    asked: str = ""
    ladder: tuple[int, ...] = ()


def clear(
    wanted: Wanted,
    policy: BusyPolicy,
    ending: Ending,
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
        Busy: another run holds the routes: with policy `fail`, or after the waiting time.
    """
    deadline = time.monotonic() + policy.timeout_seconds
    while True:
        try:
            traffic.refuse_rivals(wanted.app, wanted.run, wanted.targets)
        except Leftover as found:
            reason = f"the claim of run {found.claim.run} expired"
            settle(seize(found.claim, wanted.run, reason, traffic, workload), ending, traffic, workload)
        except Busy as busy:
            if same(busy.claim):
                return busy.claim
            if policy.on_busy == "supersede":
                reason = f"superseded by run {wanted.run}"
                seized = seize(busy.claim, wanted.run, reason, traffic, workload, live=True)
                settle(seized, ending, traffic, workload)
            elif policy.on_busy == "fail" or time.monotonic() >= deadline:
                raise
            else:
                log.info("claim.waiting", holder=busy.claim.run, phase=str(busy.claim.phase))
                policy.pause(_LOOK_SECONDS)
        else:
            return None


def take(wanted: Wanted, workloads: WorkloadMemory, traffic: Traffic, workload: Workload) -> Claim:
    """Claim the app for a run, and remember what the Deployments were at the start.

    A repeated prepare keeps what the first one saw.

    Raises:
        Busy, Leftover: another run was faster.
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
    if claim.memory.workloads is None:
        claim = traffic.remember(claim, workloads=workloads, ladder=wanted.ladder)
    workload.stamp(claim.memory.workloads or workloads, claim.token)
    return claim
