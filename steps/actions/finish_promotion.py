"""End a promoted run: stable runs the judged version, so return the weight, stop the canary, release the claim."""

from dataclasses import replace

import structlog

from steps.actions.still_used import last_look, leaving_canary
from steps.actions.swap import ALL, is_swap, is_swapped, retire_stable, was_promoting
from steps.actions.teardown import TeardownPolicy, drain
from steps.actions.verdicts import summarize_verdicts
from steps.claim.record import promotion_of, record_of
from steps.model.run import Claim, Promotion
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_STEP_SECONDS = 10.0


def is_promotion_complete(claim: Claim, traffic: Traffic, workload: Workload) -> bool:
    """Return whether only the end of a promote is missing: all users get the judged template and digests.

    In a swap, by weight 100 on the canary; else all pods of stable run what was judged.
    """
    if not was_promoting(claim):
        return False
    if is_swap(claim):
        return is_swapped(claim, traffic, workload)
    workloads, pin = claim.state.workloads, claim.state.pin
    return bool(workloads and pin and workload.is_promoted(workloads, pin))


def finish_promotion(
    claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload, *, enforce: bool = False
) -> None:
    """End a promoted run; safe to repeat after a kill at any point.

    Args:
        claim: in phase promoting, with stable rolled out.
        teardown: how to drain.
        traffic: VirtualServices.
        workload: Deployments.
        enforce: return the weight even if others changed the routes, as rollback and takeover do.

    Raises:
        ForeignWrite: somebody else changed the weights, and `enforce` is not set. StillInUse: see `drain`.
    """
    if is_swap(claim):
        claim = retire_stable(claim, teardown, traffic, workload, enforce=enforce)
    else:
        claim = retire_canary(claim, teardown, traffic, workload, enforce=enforce)
    release_promoted(claim, traffic, workload)


def retire_canary(
    claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload, *, enforce: bool
) -> Claim:
    """Return the weight to stable, which runs the judged version, and stop the canary; as `finish_promotion`."""
    claim = _return_weight(claim, teardown, traffic, workload, enforce=enforce)
    side = leaving_canary(claim, workload)
    drain(claim, side, teardown, traffic, workload)
    if claim.state.workloads is not None:
        workload.scale_down(claim.state.workloads, claim.token, last_look(claim, side, traffic, workload))
        traffic.return_strays(claim, 0)
    return claim


def release_promoted(
    claim: Claim,
    traffic: Traffic,
    workload: Workload,
    baked: str = "",
    bake: str = "",
    *,
    is_taken_over: bool = False,
) -> None:
    """Release the claim of a promoted run.

    Args:
        claim: as it was last written.
        traffic: VirtualServices.
        workload: Deployments.
        baked: what the bake after the promotion showed, one sentence; "" without one.
        bake: its verdict, "" without one.
        is_taken_over: whether a person moved users during the bake, who stay where they are.
    """
    verdict, reason = summarize_verdicts(claim.state)
    reason = f"{baked}; {reason}" if baked else reason  # the newest first: a long record is cut
    now, promotion = traffic.claims.now(), _promotion(claim, traffic, workload)
    record = record_of(claim, "promoted", reason, now, verdict, bake=bake, promotion=promotion)
    if is_taken_over:
        traffic.claims.release(claim, record)
    else:
        traffic.release(claim, record, ALL if is_swap(claim) else 0)
    log.info("run.promoted", verdict=verdict, reason=reason)


def _promotion(claim: Claim, traffic: Traffic, workload: Workload) -> Promotion | None:
    workloads, pin = claim.state.workloads, claim.state.pin
    if workloads is None or pin is None:
        return None
    found = "" if workloads.is_swap else workload.ended_promotion.promoted_fingerprint(workloads, pin)
    return promotion_of(claim, replace(workloads, promoted_template_hash=found), traffic.claims.now())


def _return_weight(
    claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload, *, enforce: bool
) -> Claim:
    """Return the weight at once if stable has all its original pods, else by halves, so that stable can grow.

    An autoscaler may have shrunk stable while the canary carried part of the load, and scales it up only under load.
    Weight 0 is written once more even if it is set: the canary stops next, and others may have sent users to it.
    """
    while True:
        weight, workloads = claim.state.weight, claim.state.workloads
        whole = workloads is None or workload.stable_has_capacity(workloads)
        claim, _ = traffic.set_weight(claim, 0 if whole else weight // 2, allow_foreign=enforce)
        if weight:
            log.info("weight.returned", weight=claim.state.weight, previous_weight=weight, stable_has_capacity=whole)
        if not claim.state.weight:
            return claim
        teardown.pause(_STEP_SECONDS)
