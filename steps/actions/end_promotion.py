"""End a promotion, with a bake or without: the run ends as promoted, or the promotion is undone."""

from dataclasses import dataclass

from steps.actions.bake_end import BakeEnd, Baker
from steps.actions.finish_promotion import finish_promotion, release_promoted, settle_promotion
from steps.actions.retreat import retreat
from steps.actions.roll_back import roll_back
from steps.actions.teardown import TeardownPolicy
from steps.model.judgement import Judgement, Verdict
from steps.model.run import Claim, RunState
from steps.model.rungs import IN_BAKE, RungVerdict
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
    """Return the weight and stop the canary, then bake, then release the claim; safe to repeat after a kill.

    Args:
        claim: in phase promoting, with stable rolled out.
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
    # A killed bake goes on: the weight was returned before it, and whatever others wrote since then is its to judge.
    settled = claim if claim.state.bake_since else settle_promotion(claim, teardown, traffic, workload)
    baked = bake.watch(settled)
    workloads = settled.state.workloads
    if baked.has_failed and workloads is not None and not workloads.template_by_external:
        return _undo(baked, teardown, traffic, workload)
    reason = baked.reason
    if baked.has_failed:
        reason += "; stable's template comes from elsewhere and was not undone: revert it there"
    release_promoted(baked.claim, traffic, reason, baked.verdict)
    return PromotionEnd("promoted", baked.verdict, reason, baked.exit_code, baked.judgement)


def has_failed_in_bake(state: RunState) -> bool:
    """Return whether the run's rollback began because its bake failed."""
    return any(one.note == IN_BAKE for one in state.verdicts)


def _undo(baked: BakeEnd, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> PromotionEnd:
    """Undo the promotion. The claim says so first: whoever finds it after a kill finishes the way back."""
    claim = baked.claim
    weight = next((weight for _, weight in reversed(claim.state.weights) if weight), 0)
    verdict = RungVerdict(weight, str(Verdict.FAIL), round(traffic.claims.now(), 1), IN_BAKE)
    safe = retreat(claim, baked.reason, traffic, workload, verdict)
    outcome = roll_back(safe, baked.reason, teardown, traffic, workload)
    return PromotionEnd(outcome, baked.verdict, baked.reason, baked.exit_code, baked.judgement)
