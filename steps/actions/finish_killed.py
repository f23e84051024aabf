"""Finish a run whose process was killed during its promote or its rollback."""

from dataclasses import dataclass

from steps.actions.bake_end import Baker
from steps.actions.promote_run import promote_run
from steps.actions.roll_back import roll_back
from steps.actions.teardown import TeardownPolicy
from steps.actions.verdicts import summarize_verdicts
from steps.claim.record import verdict_of
from steps.errors import NotOwnerError, PermanentError
from steps.model.names import ReleaseNames
from steps.model.run import Phase
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload


@dataclass(frozen=True, slots=True)
class Finished:
    """How a killed run ended.

    Args:
        verdict: of its last rung, or `fail` of its bake; "" if there is none.
        reason: one sentence.
        outcome: `promoted`, `rolled-back` or `undone`.
        exit_code: of the bake; 0 without one.
    """

    verdict: str
    reason: str
    outcome: str
    exit_code: int = 0


def finish_killed_run(
    names: ReleaseNames,
    run: str,
    teardown: TeardownPolicy,
    traffic: Traffic,
    workload: Workload,
    *,
    by_external: bool,
    bake: Baker | None = None,
) -> Finished | None:
    """Promote or roll back, whichever the run was doing; None if it was doing neither.

    Raises:
        As `promote_run` and `roll_back`.
    """
    try:
        claim = traffic.claims.held(names.app, run, names.virtual_services)
    except (NotOwnerError, PermanentError):
        return None  # prepare reports what is wrong, if anything is
    if claim.phase is Phase.PROMOTING:
        end = promote_run(claim, teardown, traffic, workload, by_external=by_external, bake=bake)
        verdict, reason = summarize_verdicts(claim.state)
        if end.exit_code:
            verdict, reason = end.verdict, end.reason
        return Finished(verdict, reason, end.outcome, end.exit_code)
    if claim.phase is Phase.ROLLING_BACK:
        outcome = roll_back(claim, claim.state.reason, teardown, traffic, workload)
        return Finished(verdict_of(claim.state), claim.state.reason, outcome)
    return None
