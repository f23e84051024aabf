"""Promote a run: stable gets the judged version, then the run ends."""

from dataclasses import replace
from functools import partial

from steps.actions.bake_end import Baker
from steps.actions.end_promotion import PromotionEnd, end_promotion
from steps.actions.finish_promotion import is_promotion_complete
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.promotion_gate import check_passed
from steps.actions.swap import begin_swap, move_users
from steps.actions.teardown import TeardownPolicy
from steps.errors import PermanentError
from steps.model.run import Claim, Phase, WorkloadState
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload


def promote_run(
    claim: Claim,
    teardown: TeardownPolicy,
    traffic: Traffic,
    workload: Workload,
    *,
    by_external: bool,
    unjudged: str = "",
    bake: Baker | None = None,
) -> PromotionEnd:
    """Bring all users to the judged version and end the run; safe to repeat after a kill.

    In a swap they move to the canary; else stable gets the judged template, from here or from Git.

    Args:
        claim: of the run, in a phase that may be promoted.
        teardown: time limits.
        traffic: VirtualServices.
        workload: Deployments.
        by_external: whether Git or a person updates stable.
        unjudged: a person's reason to promote although the last rung has no pass, "" for none.
        bake: watches the promoted version before the run ends; None for no bake.

    Raises:
        PermanentError: there is no pass or no pinned canary, or stable does not become ready.
        ForeignWrite: weights or templates are not what the run wrote or judged. NotOwnerError: the claim was lost.
    """
    workloads, pin = claim.state.workloads, claim.state.pin
    if workloads is None or pin is None:
        cause = "the claim has no pinned canary: prepare did not finish. Run prepare again, or roll back."
        raise PermanentError(f"promoting run {claim.run}", cause)
    is_baking = claim.phase is Phase.PROMOTING and claim.state.bake_since > 0 and bake is not None
    if is_baking or is_promotion_complete(claim, traffic, workload):
        # Killed near its end, maybe with some tokens removed already: only the end is missing.
        return end_promotion(claim, bake, teardown, traffic, workload)
    # Foreign weights stop it here, with stable's template unchanged.
    claim = traffic.claims.renew(claim, check=traffic.own_weights)
    # A promote that began was allowed by the verdicts in its claim, and its weight may already be returning.
    granted = claim.state.unjudged if claim.phase is Phase.PROMOTING else check_passed(claim, unjudged)
    if workloads.is_swap:
        claim = begin_swap(claim, workloads, pin, granted, teardown, traffic, workload)
        claim = move_users(claim, teardown, traffic, workload)
        return end_promotion(claim, bake, teardown, traffic, workload)
    since = workloads.promoting_since or round(traffic.claims.now(), 1)
    begun = replace(workloads, promoting_since=since)
    promoting = traffic.claims.move(claim, Phase.PROMOTING, unjudged=granted, workloads=begun)
    heartbeat, limit = ClaimHeartbeat(promoting, traffic), teardown.ready_timeout_seconds
    if by_external:
        workload.promote_external(workloads, pin, limit, heartbeat.renew)
    else:
        kept = partial(_keep_template, heartbeat, begun, traffic)
        workload.promote_template(begun, pin, promoting.token, limit, heartbeat.renew, kept)
    return end_promotion(heartbeat.claim, bake, teardown, traffic, workload)


def _keep_template(heartbeat: ClaimHeartbeat, workloads: WorkloadState, traffic: Traffic, fingerprint: str) -> None:
    """Keep in the claim how the server stored the promoted template, by which a rollback knows it as the run's own."""
    if fingerprint != workloads.promoted_template_hash:
        known = replace(workloads, promoted_template_hash=fingerprint)
        heartbeat.claim = traffic.claims.update_state(heartbeat.claim, workloads=known)
