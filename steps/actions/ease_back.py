"""The way back of a canary that harms nobody: its weight returns as fast as stable can take it."""

import structlog

from steps.actions.teardown import TeardownPolicy
from steps.errors import Interrupted, StepError
from steps.model.judgement import Verdict
from steps.model.run import Claim, Phase
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

STEP_SECONDS = 10.0
"""Time for an autoscaler to see the load and for pods to start, before the weight is halved again."""


def ease_back(claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> Claim:
    """Halve the weight of a run that stops without a fail, as long as stable lacks the pods that it had at the start.

    An autoscaler may have shrunk stable while the canary carried part of the load, and all users at once would be too
    many for it. A canary that failed, or has a pod that cannot serve, is left to the retreat, which comes at once; so
    is whatever keeps this from going on.

    Returns:
        The claim, its weight as it is now: the retreat puts the rest of the users back.
    """
    workloads = claim.state.workloads
    if claim.phase is not Phase.WALKING or workloads is None or _has_failed(claim):
        return claim
    try:
        while claim.state.weight > 1 and workload.lacks_capacity(workloads):
            before = claim.state.weight
            claim, _ = traffic.set_weight(claim, before // 2)
            log.info("weight.returned", weight=before // 2, previous_weight=before, stable_has_capacity=False)
            teardown.pause(STEP_SECONDS)
    except Interrupted:
        raise
    except StepError as error:  # a lost claim, too: the retreat tells whether it is all of it
        log.warning("weight.not_eased", detail=f"all users return at once: {error}")
    return claim


def _has_failed(claim: Claim) -> bool:
    return any(one.verdict == Verdict.FAIL for one in claim.state.verdicts)
