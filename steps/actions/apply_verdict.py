"""Apply the verdict of a rung: move the users first, then keep the verdict in the claim."""

import structlog

from steps.actions.retreat import report_held, retreat
from steps.errors import Interrupted, NotOwnerError, PermanentError, StepError, TemporaryError
from steps.model.judgement import Judgement, Verdict
from steps.model.looks import LastLook
from steps.model.run import Claim
from steps.model.rungs import RungVerdict
from steps.traffic.retreat import WeightHeld
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def apply_verdict(
    claim: Claim,
    judgement: Judgement,
    note: str,
    since: float,
    traffic: Traffic,
    workload: Workload,
    *,
    retreats: bool,
    look: LastLook | None = None,
) -> None:
    """Keep a verdict, and on `fail` return the users to stable in the same patch; safe to repeat after a kill.

    If a verdict cannot be kept, this raises and the next call judges again; a fail stays a fail.

    Args:
        claim: the run's present claim. At weight 0 there was no rung and nothing is kept, except during a pause: then
            the verdict is about the weight that would have been restored.
        judgement: of the rung.
        note: who passed the rung if not the judge, see `RungVerdict`.
        since: when the judged weight was set, as the state has it (unix seconds).
        traffic: VirtualServices.
        workload: Deployments.
        retreats: whether a fail returns the users to stable.
        look: what the judge saw last, kept with a verdict that moves no users.
    """
    at = round(traffic.claims.now(), 1)
    weight = claim.state.paused_weight or dict(claim.state.weights).get(since, 0)
    verdict = RungVerdict(weight, str(judgement.verdict), at, note) if weight else None
    if judgement.verdict is not Verdict.FAIL:
        if verdict is not None:
            traffic.claims.keep_verdict(claim, verdict, since, look)
    elif retreats:
        _retreat(claim, judgement.reason, verdict, since, traffic, workload)
    else:
        _keep_fail(claim, verdict, since, traffic)


def try_retreat(
    claim: Claim, reason: str, traffic: Traffic, workload: Workload, verdict: RungVerdict | None = None
) -> None:
    """Retreat, but only log a failure: the verdict stands all the same, and rollback tries again.

    Raises:
        PermanentError: as `retreat`: only the canary is ready, so its weight is held.
    """
    try:
        safe = retreat(claim, reason, traffic, workload, verdict)
    except WeightHeld as held:
        report_held(claim, held, traffic)
        raise
    except Interrupted:
        raise
    except (NotOwnerError, TemporaryError) as error:
        log.error("retreat.failed", error=str(error))
        return
    try:
        traffic.claims.deployments.secure(safe)
    except Interrupted:
        raise
    except StepError as error:
        # The users are on stable; rollback writes the token to the Deployments before anything else.
        log.error("retreat.unmarked", error=str(error))


def _retreat(
    claim: Claim, reason: str, verdict: RungVerdict | None, since: float, traffic: Traffic, workload: Workload
) -> None:
    try:
        try_retreat(claim, reason, traffic, workload, verdict)
    except PermanentError:
        _keep_fail(claim, verdict, since, traffic)
        raise


def _keep_fail(claim: Claim, verdict: RungVerdict | None, since: float, traffic: Traffic) -> None:
    """Keep a fail that moved no users, so that an older pass of this weight no longer counts."""
    if verdict is None:
        return
    try:
        traffic.claims.keep_verdict(claim, verdict, since)
    except Interrupted:
        raise
    except StepError as error:
        log.error("verdict.not_kept", weight=verdict.weight, error=str(error))
