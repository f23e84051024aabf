"""Finish a run whose process was killed during its promote or its rollback."""

from dataclasses import dataclass

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
        verdict: of its last rung, "" if there is none.
        reason: one sentence.
        outcome: `promoted` or `rolled-back`.
    """

    verdict: str
    reason: str
    outcome: str


def finish_killed_run(
    names: ReleaseNames, run: str, teardown: TeardownPolicy, traffic: Traffic, workload: Workload, *, by_external: bool
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
        promote_run(claim, teardown, traffic, workload, by_external=by_external)
        return Finished(*summarize_verdicts(claim.state), "promoted")
    if claim.phase is Phase.ROLLING_BACK:
        outcome = roll_back(claim, claim.state.reason, teardown, traffic, workload)
        return Finished(verdict_of(claim.state), claim.state.reason, outcome)
    return None
