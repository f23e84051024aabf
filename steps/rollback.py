"""rollback: restore stable unless the run was promoted; safe to run always, by an exit handler or by hand.

It ends a run that is not promoted; `undo` reverts a promotion.

Before: nothing. It needs only the API server: no Prometheus, no results of other steps.
Writes: weight 0 first; then stable's template if a promote was incomplete, the canary's replicas, and the claim's end.
Exit codes: 0 done, or no claim (outcome `not-owner`), or failed with --best-effort · 2 · 3 · 4 only the canary is
ready: weight held, run it again; or requests still go to the canary: it stays up.
"""

import secrets

import structlog
from pydantic import Field

from steps.actions.promoted_run import command
from steps.actions.recovery import clean_up, take_over_run
from steps.actions.roll_back import roll_back
from steps.actions.teardown import TeardownPolicy
from steps.claim.claims import Claims
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.model.names import ReleaseNames
from steps.model.run import Claim
from steps.model.times import date_and_time
from steps.settings.arrivals import ArrivalSettings
from steps.settings.cluster import DryRunSettings
from steps.settings.export import ExportSettings
from steps.settings.release import ClaimSettings
from steps.settings.workload import DrainSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import parts_of, teardown_policy_of, with_dry_run_summary
from steps.wiring.export import exported
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("outcome",)


class Settings(ClaimSettings, DryRunSettings, DrainSettings, ArrivalSettings, ExportSettings):
    """Return all weight to stable and scale the canary down, unless promoted."""

    reason: str = Field(
        "rollback was asked for",
        max_length=300,
        description="Reason, one sentence for the record. Not in canary.yaml.",
    )
    any_run: bool = Field(
        default=False,
        description="Roll back any run that holds the claim, instead of --run. For people: an exit handler that lost "
        "its run id must not roll back another run.",
    )

    best_effort: bool = Field(
        default=False,
        description="End with 0 and an error in the log if the rollback fails, for a hook that must not prevent what "
        "follows, such as an uninstall.",
    )


def run(
    settings: Settings, names: ReleaseNames, traffic: Traffic, workload: Workload, teardown: TeardownPolicy
) -> StepEnd:
    """Roll one run back; see the module's docstring."""
    try:
        claim, outcome = _rolled_back(settings, names, traffic, workload, teardown)
    except NotOwnerError as error:
        log.info("rollback.not_owner", detail=f"{error}{_promoted_before(settings, names, traffic.claims)}")
        return StepEnd({"outcome": "not-owner"})
    if outcome == "promoted":
        detail = f"run {claim.run} was promoted already, so its end was completed. {_undo(names)}"
        log.warning("rollback.promoted", detail=detail)
    return StepEnd({"outcome": outcome})


def _promoted_before(settings: Settings, names: ReleaseNames, claims: Claims) -> str:
    """Return a sentence that names undo if the run has ended promoted, "" if it has not, or if that is unknown."""
    try:
        last = claims.last(names.virtual_services[0], names.app)
    except Interrupted:
        raise
    except StepError:
        return ""
    if last is None or last.outcome != "promoted" or not (settings.any_run or settings.run == last.run):
        return ""
    return f" Run {last.run} was promoted at {date_and_time(last.ended)}. {_undo(names)}"


def _undo(names: ReleaseNames) -> str:
    return f"To revert a promotion: {command('undo', names)}"


def _rolled_back(
    settings: Settings, names: ReleaseNames, traffic: Traffic, workload: Workload, teardown: TeardownPolicy
) -> tuple[Claim, str]:
    if not settings.any_run:
        claim = traffic.claims.held(names.app, settings.run, names.virtual_services)
        return claim, roll_back(claim, claim.state.reason or settings.reason, teardown, traffic, workload)
    first = names.virtual_services[0]
    held = traffic.claims.claim_on(first, names.app)
    if held is None:
        raise NotOwnerError(f"looking for a claim of {names.app} on VirtualService {first}", "no run has one")
    owner = f"by-hand-{secrets.token_hex(4)}"
    taken = take_over_run(held, owner, settings.reason, traffic, workload, live=True, repair=True)
    return taken.claim, clean_up(taken, teardown, traffic, workload)


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step; with `best_effort`, an error ends it with 0."""
    try:
        return _main(settings)
    except Interrupted:
        raise
    except StepError as error:
        if not settings.best_effort:
            raise
        log.error("rollback.failed", error=str(error))
        return StepEnd({"outcome": "failed"})


def _main(settings: Settings) -> StepEnd:
    parts = parts_of(settings)
    teardown = teardown_policy_of(settings, parts.cluster)
    with exported(settings, parts.cluster, parts.names):
        end = run(settings, parts.names, parts.traffic, parts.workload, teardown)
    return with_dry_run_summary(end, parts.cluster)


STEP = Step(Settings, RESULTS, main, ends_release=True)
