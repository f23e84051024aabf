"""Launch the canary under the claim, wait until it is ready, and pin what it runs."""

import structlog

from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.still_used import last_look, leaving_canary
from steps.actions.teardown import TeardownPolicy, drain
from steps.claim.record import record_of
from steps.errors import NotOwnerError
from steps.model.run import Claim, Phase
from steps.model.workload import Release, ReleasePlan
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def launch_canary(
    claim: Claim,
    release: Release,
    plan: ReleasePlan,
    ready_timeout_seconds: float,
    traffic: Traffic,
    workload: Workload,
) -> Claim:
    """Create or update the canary and its baseline, wait until they are ready, and keep what the canary runs.

    Args:
        claim: of the run, in phase prepared.
        release: what is released.
        plan: of the release, from the preflight.
        ready_timeout_seconds: how long the pods may take to become ready (> 0).
        traffic: VirtualServices.
        workload: Deployments.

    Raises:
        TemporaryError, PermanentError: the pods do not become ready, or are not endpoints of the canary's Service.
        NotOwnerError: the claim was lost. ForeignWrite: stable's template or the weights changed.
    """
    workloads = claim.state.workloads or plan.state
    workload.create_canary(release, plan, claim.token)
    traffic.claims.deployments.mark(claim, plan.state)
    heartbeat = ClaimHeartbeat(claim, traffic)
    try:
        heartbeat.renew()  # a takeover after the claim could not write its token to a canary that did not exist yet
    except NotOwnerError:
        traffic.claims.give_back(claim)  # what was just put on Deployments belongs to nobody
        raise
    weight = claim.state.weight if claim.phase is Phase.PREPARED else 0
    workload.ensure_capacity(workloads, claim.token, max(1, weight), ready_timeout_seconds, heartbeat.renew)
    workload.require_endpoints(
        workloads, release.canary_destination, release.routes, ready_timeout_seconds, heartbeat.renew
    )
    pin = workload.pin(workloads)
    log.info("canary.ready", replica_set=pin.replica_set, digests=pin.digests)
    if not weight:
        return traffic.claims.update_state(heartbeat.claim, pin=pin)
    # Before this moment, users at an adopted weight met pods of the canary's former version: they are not judged.
    now = round(traffic.claims.now(), 1)
    return traffic.claims.update_state(heartbeat.claim, pin=pin, weights=((now, weight),))


def runs_stable_digests(claim: Claim, workload: Workload) -> bool:
    """Return whether the launched canary runs exactly the image digests that stable runs."""
    state = claim.state
    return state.workloads is not None and state.pin is not None and workload.runs_same_bits(state.workloads, state.pin)


def end_as_noop(claim: Claim, reason: str, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> None:
    """End a run whose canary turned out to run what stable runs: scale the canary down and release the claim.

    Users at an adopted weight return to stable first.
    """
    if claim.state.weight:
        claim, _ = traffic.set_weight(claim, 0)
    side = leaving_canary(claim, workload)
    drain(claim, side, teardown, traffic, workload)
    if claim.state.workloads is not None:
        look = last_look(claim, side, traffic, workload)
        workload.retire_canary(claim.state.workloads, claim.state.pin, claim.token, look)
        traffic.return_strays(claim, 0)
    traffic.release(claim, record_of(claim, "noop", reason, traffic.claims.now()), 0)
    log.info("prepare.noop", detail=reason)
