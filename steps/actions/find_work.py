"""Find out whether there is anything to release, once no other run of the app is in the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from steps.actions.acquire import BusyPolicy, wait_until_free
from steps.actions.teardown import TeardownPolicy
from steps.claim.acquire import ClaimRequest
from steps.model.run import Claim
from steps.model.workload import Noop, Release, ReleasePlan
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Work:
    """What a release has to do.

    Args:
        plan: of the release; None if there is nothing to do.
        images: stable's and the canary's image as results, as far as they are known.
        noop: why there is nothing to do, one sentence; "" if there is a plan.
    """

    plan: ReleasePlan | None
    images: Mapping[str, str]
    noop: str = ""


def find_work(
    request: ClaimRequest,
    release: Release,
    policy: BusyPolicy,
    teardown: TeardownPolicy,
    traffic: Traffic,
    workload: Workload,
    find_kept: Callable[[], Mapping[str, str]],
    stable_timeout_seconds: float,
) -> Work:
    """Wait until no other run is in the way, then check the release; nothing of this run is written.

    There is nothing to do if another run releases the same, or if stable runs it already.

    Args:
        request: the claim to acquire.
        release: what is to be released.
        policy: what to do while another run holds a live claim.
        teardown: time limits for the end of another run.
        traffic: VirtualServices.
        workload: Deployments.
        find_kept: returns the Deployments that other routes lead to → why. It is asked once no other run is in the way,
            whose routes would look like somebody's.
        stable_timeout_seconds: how long stable may take to become ready (>= 0).

    Raises:
        ClaimHeld: another run holds the routes or Deployments: with policy `fail`, or after the waiting time.
        PermanentError, NotFound: the release is refused; see `preflight`. TemporaryError: stable is not ready in time.
    """

    def is_duplicate(claim: Claim) -> bool:
        goes_as_fast = bool(claim.state.hotfix) or not request.hotfix
        return claim.app == request.app and goes_as_fast and workload.is_duplicate(release, claim)

    names = (release.stable, release.canary, *((release.baseline,) if release.baseline else ()))
    deployments = (release.namespace, names)
    other = wait_until_free(request, policy, teardown, traffic, workload, is_duplicate, deployments)
    if other is not None:
        reason = f"run {other.run} is active and leaves nothing to do for {release.image}: nothing was changed"
        log.info("prepare.noop", detail=reason, holder=other.run)
        return Work(None, {"canary-image": release.image}, reason)
    workload.await_stable(release, stable_timeout_seconds)
    plan = workload.preflight(replace(release, kept=find_kept()))
    for sentence in plan.warnings:
        log.warning("prepare.warning", detail=sentence)
    images = {"stable-image": plan.stable_image, "canary-image": plan.canary_image}
    if plan.noop is Noop.YES:
        reason = f"stable already runs {plan.canary_image}: nothing was changed"
        log.info("prepare.noop", detail=reason)
        return Work(None, images, reason)
    return Work(plan, images)
