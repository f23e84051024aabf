"""End a promotion, with a bake or without: the run ends as promoted, or the promotion is undone."""

from dataclasses import dataclass

from steps.actions.bake_end import STOPPED, BakeEnd, Baker
from steps.actions.finish_promotion import finish_promotion, release_promoted, retire_canary
from steps.actions.retreat import retreat
from steps.actions.roll_back import roll_back
from steps.actions.swap import is_swap, retire_stable
from steps.actions.teardown import TeardownPolicy
from steps.claim.verdicts import with_verdict
from steps.model.judgement import Judgement, Verdict
from steps.model.run import Claim, Phase
from steps.model.rungs import IN_BAKE, RungVerdict
from steps.traffic.retreat import WeightHeld
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload


@dataclass(frozen=True, slots=True)
class PromotionEnd:
    """How a promotion ended.

    Args:
        outcome: `promoted`, or `undone`.
        verdict: of the bake, see `BakeEnd`; "" without one.
        reason: of the bake, one sentence; "" without one.
        exit_code: of the step.
        judgement: the bake's last one, None if there is none.
    """

    outcome: str = "promoted"
    verdict: str = ""
    reason: str = ""
    exit_code: int = 0
    judgement: Judgement | None = None


def end_promotion(
    claim: Claim, bake: Baker | None, teardown: TeardownPolicy, traffic: Traffic, workload: Workload
) -> PromotionEnd:
    """Bake with the final weights and templates, then release the claim; safe to repeat after a kill.

    In a swap the old arm stands by during the bake, ready to take the users back, and goes afterwards.

    Args:
        claim: in phase promoting, with stable rolled out, or in a swap with all weight on the canary.
        bake: watches the promoted version; None for no bake.
        teardown: time limits.
        traffic: VirtualServices.
        workload: Deployments.

    Raises:
        As `finish_promotion` and `roll_back`.
    """
    if bake is None:
        finish_promotion(claim, teardown, traffic, workload)
        return PromotionEnd()
    # A killed bake goes on: the weight was returned before it, and the bake notices what others wrote since then.
    if not is_swap(claim) and not claim.state.bake_since:
        claim = retire_canary(claim, teardown, traffic, workload, enforce=False)
    baked = bake.watch(claim)
    reason = baked.reason
    if baked.has_failed:
        if baked.is_arm_lost or not (kept := _why_kept(claim)):
            return _undo(baked, teardown, traffic, workload)
        reason += f"; {kept}"
    ended = baked.claim
    is_taken_over = baked.verdict == STOPPED
    if is_swap(ended) and not is_taken_over:  # a person who took over may need the old arm
        ended = retire_stable(ended, teardown, traffic, workload, enforce=False)
    release_promoted(ended, traffic, workload, reason, baked.verdict, is_taken_over=is_taken_over)
    return PromotionEnd("promoted", baked.verdict, reason, baked.exit_code, baked.judgement)


def _why_kept(claim: Claim) -> str:
    """Return why a version that failed in its bake is not undone, "" if it is."""
    if claim.state.workloads is not None and claim.state.workloads.template_by_external:
        return "stable's template comes from elsewhere and was not undone: revert it there"
    if claim.state.hotfix:
        return (
            "it was not undone, since the version before the hotfix is the broken one: release another, or undo --force"
        )
    return ""


def _undo(baked: BakeEnd, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> PromotionEnd:
    """Undo the promotion. The claim says so first: a rollback or sweep after a kill finishes the way back."""
    claim = baked.claim
    weight = next((weight for _, weight in reversed(claim.state.weights) if weight), 0)
    verdict = RungVerdict(weight, str(Verdict.FAIL), round(traffic.claims.now(), 1), IN_BAKE)
    try:
        failed = retreat(claim, baked.reason, traffic, workload, verdict)
    except WeightHeld:  # the rollback first starts the version before
        verdicts = with_verdict(claim.state, verdict).verdicts
        failed = traffic.claims.move(claim, Phase.ROLLING_BACK, reason=baked.reason, verdicts=verdicts)
    outcome = roll_back(failed, baked.reason, teardown, traffic, workload)
    return PromotionEnd(outcome, baked.verdict, baked.reason, baked.exit_code, baked.judgement)
