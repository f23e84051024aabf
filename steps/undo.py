"""undo: after a promotion, return users to the version before it; no ladder, no judge.

`rollback` ends a run that is not promoted; `undo` reverts a promotion, also while its promote still waits at the end.
Before: the app's last release was promoted, and nobody changed the serving Deployment since.
Writes: a claim of its own, then the old template, the weights, the replicas, and the record with outcome undone. An
account with the rights of prepare and rollback may do all of it.
Exit codes: 0 done · 2 · 3 the old version is not ready in time, run it again · 4 nothing to undo, the old version is
gone, another template, GitOps, a hotfix (without --force) · 7 a release that is not promoted holds the claim: roll that
back first.
"""

import secrets
from functools import partial

import structlog
from pydantic import Field

from steps.actions.promoted_run import find_promoted_run
from steps.actions.teardown import TeardownPolicy
from steps.actions.undo_promotion import FindKept, undo_promotion
from steps.claim.claims import Claims
from steps.errors import PermanentError
from steps.model.names import ReleaseNames
from steps.model.run import Promotion, Record
from steps.model.times import date_and_time
from steps.outputs import results
from steps.settings.arrivals import ArrivalSettings
from steps.settings.cluster import DryRunSettings
from steps.settings.export import ExportSettings
from steps.settings.kubernetes_names import LabelName
from steps.settings.release import ReleaseSettings
from steps.settings.workload import DrainSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import parts_of, teardown_policy_of, with_dry_run_summary
from steps.wiring.export import exported
from steps.wiring.kept_arms import kept_arms_of
from steps.wiring.release import this_host
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("outcome", "reason")


class Settings(ReleaseSettings, DryRunSettings, DrainSettings, ArrivalSettings, ExportSettings):
    """Return users to the version before the last promotion."""

    reason: str = Field(
        "undo was asked for",
        max_length=300,
        description="Reason, one sentence for the record. Not in canary.yaml.",
    )
    force: bool = Field(
        default=False,
        description="Undo a hotfix: the version before it is the one that the hotfix replaced because it was broken. "
        "Not in canary.yaml.",
    )
    run: LabelName = Field(
        "",
        description="Id of the promoted run to undo; another one is refused, and one that was undone already is a "
        "success. Empty: the last promoted run.",
    )


def run(
    settings: Settings,
    names: ReleaseNames,
    traffic: Traffic,
    workload: Workload,
    teardown: TeardownPolicy,
    find_kept: FindKept,
) -> StepEnd:
    """Undo the last promotion; see the module's docstring."""
    if (done := _undone_before(settings, names, traffic.claims)) is not None:
        return _end(f"run {done.undoes} was undone at {date_and_time(done.ended)} by {done.run}: {done.reason}")
    promoted = find_promoted_run(names, traffic.claims)
    undone = promoted.promotion.run
    if settings.run not in {"", undone}:
        cause = f"the last promoted run is {undone}. Undo that one with --run {undone}, or without --run."
        raise PermanentError(f"undoing run {settings.run} of {names.app}", cause)
    _refuse_hotfix(promoted.promotion, names, is_forced=settings.force)
    owner = f"undo-{secrets.token_hex(4)}"
    structlog.contextvars.bind_contextvars(run=owner)
    log.info("undo.found", undone_run=undone, has_claim=promoted.claim is not None)
    undo_promotion(promoted, names, owner, settings.reason, this_host(), find_kept, teardown, traffic, workload)
    return _end(f"run {undone} was undone: {settings.reason}")


def _undone_before(settings: Settings, names: ReleaseNames, claims: Claims) -> Record | None:
    """Return the record of the undo of the run that --run names: this step was killed after its last write."""
    last = claims.last(names.virtual_services[0], names.app) if settings.run else None
    return last if last is not None and last.undoes == settings.run and last.outcome == "undone" else None


def _refuse_hotfix(promotion: Promotion, names: ReleaseNames, *, is_forced: bool) -> None:
    """Refuse to bring users back to a broken version, unless a person means it.

    Raises:
        PermanentError: the promoted run was a hotfix.
    """
    why = promotion.state.hotfix
    if not why:
        return
    if is_forced:
        log.warning("undo.hotfix", undone_run=promotion.run, hotfix=why)
        return
    cause = (
        f"it was a hotfix ({why}): the version before it is the broken one that it replaced. To give users that one "
        "all the same, add --force; to repair the hotfix, release another version."
    )
    raise PermanentError(f"undoing run {promotion.run} of {names.app}", cause)


def _end(reason: str) -> StepEnd:
    return StepEnd({"outcome": "undone", "reason": results.truncate(reason)})


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings)
    teardown = teardown_policy_of(settings, parts.cluster)
    find_kept = partial(kept_arms_of, parts.cluster)
    with exported(settings, parts.cluster, parts.names):
        end = run(settings, parts.names, parts.traffic, parts.workload, teardown, find_kept)
    return with_dry_run_summary(end, parts.cluster)


STEP = Step(Settings, RESULTS, main, ends_release=True)
