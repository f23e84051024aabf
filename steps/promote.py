"""promote: copy the judged template to stable, return the weight, scale the canary down, release the claim.

With `--bake-seconds` it goes on judging before the claim ends, and undoes the promotion on fail.

Before: the run holds the claim, the canary is the one that prepare pinned, and its last rung passed.
Writes: stable's pod template (not with `--template-by external`), weights, the canary's replicas, the claim's end.
Exit codes: 0 done · 2 · 3 stable not ready in time · 4 no pass, another canary, foreign write · 5 failed in
bake, undone · 7 not the owner.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from steps.actions.bake_end import STOPPED, Baker
from steps.actions.failed_bake import has_failed_in_bake
from steps.actions.phases import PROMOTABLE, require_phase
from steps.actions.promote_run import promote_run
from steps.actions.roll_back import roll_back
from steps.actions.teardown import TeardownPolicy
from steps.errors import NotOwnerError, PermanentError, SettingsError
from steps.model.judgement import Verdict
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase
from steps.model.times import date_and_time
from steps.outputs import results
from steps.settings.arrivals import COUNTING, are_usable
from steps.settings.bake import JUDGING, BakeSettings
from steps.settings.export import ExportSettings
from steps.settings.sentence import Sentence
from steps.step import EXIT_DONE, EXIT_FAIL, Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import Parts, parts_of, teardown_policy_of, with_dry_run_summary
from steps.wiring.export import exported
from steps.workload.workload import Workload

RESULTS = ("outcome", "verdict", "reason")

_EXIT_AGAIN = {str(Verdict.FAIL): EXIT_FAIL, STOPPED: PermanentError.exit_code}
"""Exit codes by how the bake ended; every other one ended with 0."""


class Settings(BakeSettings, ExportSettings):
    """Copy the canary's template to stable, return the weight, scale the canary down."""

    unjudged: Sentence = Field(
        "",
        max_length=300,
        description="Reason for a promote although the last rung has no pass, one sentence; the record then says "
        "unjudged and this reason. Empty: promote needs a pass.",
    )

    @classmethod
    def unneeded(cls, given: Mapping[str, Any]) -> frozenset[str]:
        """Without a bake nothing is judged: a promote must not fail for what only other steps need."""
        if str(given.get("bake_seconds", "0")).strip() not in {"0", "0.0", ""}:
            return frozenset()
        return JUDGING - COUNTING if are_usable(given) else JUDGING


def run(
    settings: Settings,
    names: ReleaseNames,
    traffic: Traffic,
    workload: Workload,
    teardown: TeardownPolicy,
    bake: Baker | None = None,
) -> StepEnd:
    """Promote one run; see the module's docstring."""
    if not settings.run:
        raise SettingsError("reading the settings", "--run (or CANARY_RUN) is required: the run that was judged")
    try:
        claim = require_phase(names, settings.run, traffic.claims, (*PROMOTABLE, Phase.ROLLING_BACK))
        if claim.phase is Phase.ROLLING_BACK:
            if has_failed_in_bake(claim.state):
                return _undone(claim, teardown, traffic, workload)
            claim = require_phase(names, settings.run, traffic.claims, PROMOTABLE)
    except NotOwnerError:
        last = traffic.claims.last(names.virtual_services[0], names.app)
        if last is not None and last.run == settings.run and last.outcome in {"promoted", "undone"}:
            # Killed after the release, and now running again.
            verdict, reason = last.bake, last.reason if last.bake else ""
            return _ended(last.outcome, verdict, reason, _EXIT_AGAIN.get(verdict, EXIT_DONE))
        if last is not None and last.undoes == settings.run:
            cause = f"the run was undone at {date_and_time(last.ended)} by {last.run}: {last.reason}"
            raise NotOwnerError(f"promoting run {settings.run}", cause) from None
        raise
    by_external = settings.template_by == "external"
    end = promote_run(
        claim, teardown, traffic, workload, by_external=by_external, unjudged=settings.unjudged, bake=bake
    )
    return _ended(end.outcome, end.verdict, end.reason, end.exit_code)


def _undone(claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> StepEnd:
    """Undo the promotion of a run that failed in bake, for a process that was killed while it did so."""
    outcome = roll_back(claim, claim.state.reason, teardown, traffic, workload)
    return _ended(outcome, str(Verdict.FAIL), claim.state.reason, EXIT_FAIL)


def _ended(outcome: str, verdict: str, reason: str, exit_code: int) -> StepEnd:
    if not verdict:
        return StepEnd({"outcome": outcome}, exit_code)
    return StepEnd({"outcome": outcome, "verdict": verdict, "reason": results.truncate(reason)}, exit_code)


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings)
    bake = _bake_of(settings, parts) if settings.bake_seconds else None
    teardown = teardown_policy_of(settings, parts.cluster, parts.names)
    with exported(settings, parts.cluster, parts.names):
        end = run(settings, parts.names, parts.traffic, parts.workload, teardown, bake)
    return with_dry_run_summary(end, parts.cluster)


def _bake_of(settings: Settings, parts: Parts) -> Baker | None:
    from steps.wiring.bake import bake_of  # noqa: PLC0415 - Prometheus and the judge are loaded only for a bake

    return bake_of(settings, parts.names, parts.traffic, parts.workload)


STEP = Step(Settings, RESULTS, main, ends_release=True)
