"""Begin with an app that may be new: stable is made and awaited, and a release that changes nothing ends at once."""

import structlog

from steps.actions.find_work import Work
from steps.claim.acquire import ClaimRequest
from steps.claim.errors import ClaimExpired, ClaimHeld
from steps.model.workload import Noop, Release, Topology
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def bootstrap(
    release: Release, request: ClaimRequest, ready_timeout_seconds: float, traffic: Traffic, workload: Workload
) -> Work | None:
    """Make stable if it does not exist, and end a release that has nothing to compare or to change.

    Nothing here asks Prometheus: a new app has no requests, and one that changes nothing needs no judgement.

    Args:
        release: what is released.
        request: the claim that its run would ask for.
        ready_timeout_seconds: how long the pods of a new app may take to become ready (> 0).
        traffic: VirtualServices.
        workload: Deployments.

    Returns:
        Why there is nothing to do; None if there is a release, or if another run is active and decides that.

    Raises:
        NotFound: what people deploy does not exist. PermanentError: the app cannot be released, or does not get ready.
        TemporaryError: the pods of a new app are not ready in time.
    """
    if _is_busy(request, traffic):
        return None
    is_new = traffic.claims.last(request.targets[0].virtual_service, request.app) is None
    workload.make_stable(release)
    if is_new:
        workload.wait_ready(release.namespace, release.stable, None, ready_timeout_seconds, lambda: None)
    plan = workload.preflight(release)
    weights = traffic.weights(request.targets, request.stable, request.canary)
    if plan.noop is Noop.NO or (plan.noop is Noop.LOOK and not is_new) or any(weights.values()):
        return None
    if release.topology is Topology.TARGET_NAMED:
        workload.rest_canary(plan.state)
    why = "first install: nothing to compare with" if is_new else "nothing changed"
    reason = f"{why}; {release.stable} serves {plan.stable_image}"
    log.info("prepare.noop", detail=reason)
    return Work(None, {"stable-image": plan.stable_image, "canary-image": plan.canary_image}, reason)


def _is_busy(request: ClaimRequest, traffic: Traffic) -> bool:
    try:
        traffic.claims.refuse_competing(request.app, request.run, request.targets)
    except (ClaimHeld, ClaimExpired):
        return True
    return False
