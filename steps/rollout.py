"""rollout: the whole release in one process: prepare, climb the ladder, promote, bake; on any failure roll back.

Before: nothing. For any CI, a Tekton task of one pod, a shell.
Writes: what prepare, analyze, promote and rollback write.
Exit codes: 0 promoted or noop · 5 fail · 6 inconclusive (rolled back; after a bake: undone) · 2 · 3 · 4 (rolled back)
· 7 another run holds.
`--dry-run` plans the whole release of a canary that passes: outcome `dry-run`.
SIGTERM: 3, traffic stays as it is; the next run or sweep restores it when the claim expires.
"""

import time
from collections.abc import Mapping, Sequence
from typing import ClassVar

import structlog
from pydantic import Field

from steps import analyze, prepare, report
from steps.actions.analysis_extras import NO_EXTRAS, AnalysisExtras
from steps.actions.bake_end import Baker
from steps.actions.dry_run_rungs import climb_in_dry_run
from steps.actions.end_promotion import PromotionEnd
from steps.actions.finish_killed import finish_killed_run
from steps.actions.judge_rung import RungJudge
from steps.actions.ladder import rungs_left
from steps.actions.phases import CLIMBING, PROMOTABLE, require_phase
from steps.actions.promote_run import promote_run
from steps.actions.roll_back import try_roll_back
from steps.actions.teardown import TeardownPolicy
from steps.claim.errors import LostDeployment
from steps.cluster.api import Cluster
from steps.errors import Interrupted, NotOwnerError, PermanentError, StepError, StillInUse
from steps.evidence.reader import EvidenceReader
from steps.model.judgement import Judgement, Verdict
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase
from steps.outputs import judgement_file, results
from steps.settings.analysis import AnalysisSettings
from steps.settings.bake import BakeSettings
from steps.settings.export import ExportSettings
from steps.settings.judge import rules_to_record
from steps.settings.ladder import LadderSettings
from steps.settings.preparation import PreparationSettings
from steps.step import EXIT_CODES, Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.analysis import progress_of, recorder_of
from steps.wiring.bake import bake_of
from steps.wiring.baseline import comparison_of
from steps.wiring.cluster import parts_of, teardown_policy_of, with_dry_run_summary
from steps.wiring.evidence import reader_of
from steps.wiring.export import exported
from steps.wiring.judging import rung_policy_of, second_trial_of
from steps.wiring.probing import probe_preflight_of, prober_of
from steps.wiring.release import with_run_id
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("run", "verdict", "reason", "judgement", "outcome")
_ROLLED_BACK = {str(verdict): code for verdict, code in EXIT_CODES.items() if verdict is not Verdict.PASS}

_HELD = (
    "if stable has no ready pod, users stay on the hotfix. To keep it, and to be able to release another hotfix: "
    'canary-steps promote --app {app} --run {run} --unjudged "stable is down"'
)

_ENDINGS = {
    "promoted": "PROMOTED, all users have the new version",
    "rolled-back": "ROLLED BACK, all users have the version from before",
    "undone": "UNDONE after its promotion, all users have the version from before",
    "still-in-use": "NOT ENDED, a side that should stop still gets requests and stays up",
    "noop": "NOTHING TO RELEASE",
    "dry-run": "DRY RUN, nothing was changed",
}


class Settings(LadderSettings, PreparationSettings, AnalysisSettings, BakeSettings, ExportSettings):
    """Prepare, climb the ladder, promote; roll back on any failure."""

    cannot_wait: ClassVar[bool] = True

    deadline_seconds: float = Field(
        0.0,
        ge=0,
        le=604800,
        description="How long preparation and rungs may take together, seconds, for a caller that waits no longer. "
        "A rung that is undecided then ends as at its own deadline. 0: no limit.",
    )
    report_dir: str = Field("", description="Where to write report.txt and report.json.")


def run(
    settings: Settings,
    names: ReleaseNames,
    cluster: Cluster,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
    teardown: TeardownPolicy,
    extras: AnalysisExtras = NO_EXTRAS,
    bake: Baker | None = None,
) -> StepEnd:
    """Release one image; see the module's docstring."""
    is_named = bool(settings.run)
    settings = with_run_id(settings, names)
    rollout = _Rollout(settings, names, traffic, workload, teardown, bake)
    try:
        if is_named and (end := rollout.end_killed_run()) is not None:
            return end
        prepared = prepare.run(settings, names, cluster, traffic, workload, reader, teardown, extras)
        if prepared.results["outcome"] == "noop":
            reason = results.truncate(str(prepared.summary.get("detail", "")))
            return StepEnd({"outcome": "noop", "run": prepared.results.get("run", ""), "reason": reason})
        if cluster.is_dry_run:
            return rollout.plan()
        policy = rung_policy_of(settings, hotfix=settings.hotfix)
        trials = second_trial_of(settings, reader, teardown, traffic, workload)
        end = rollout.climb(RungJudge(policy, reader, traffic, workload, extras, trials))
    except Interrupted:
        raise  # somebody stopped this process: traffic stays as it is
    except StillInUse as error:
        # Users are where the verdict sends them; only the side that they left has to stay up.
        log.error("rollout.unfinished", error=str(error))
        end = StepEnd({"outcome": "still-in-use", "reason": results.truncate(str(error))}, error.exit_code)
    except StepError as error:
        if isinstance(error, NotOwnerError) and not isinstance(error, LostDeployment):
            raise  # another owner decides now
        outcome = rollout.roll_back(str(error))
        if outcome == "not-owner":
            raise  # refused before the claim: nothing was changed
        log.error("rollout.stopped", error=str(error))
        # Somebody else's Deployment under our own claim needs a person: it is not another owner of the run.
        exit_code = PermanentError.exit_code if isinstance(error, NotOwnerError) else error.exit_code
        end = StepEnd({"outcome": outcome, "reason": results.truncate(str(error))}, exit_code)
    except Exception as defect:
        # A defect of ours must not leave users on a canary that nobody watches; the traceback is still logged.
        rollout.roll_back(f"{type(defect).__name__}: {defect}")
        raise
    rollout.write_report()
    return StepEnd({"run": settings.run, **end.results}, end.exit_code, end.summary)


class _Rollout:
    """The parts of one rollout, and the judgements so far."""

    def __init__(
        self,
        settings: Settings,
        names: ReleaseNames,
        traffic: Traffic,
        workload: Workload,
        teardown: TeardownPolicy,
        bake: Baker | None,
    ) -> None:
        self._settings, self._names, self._teardown, self._bake = settings, names, teardown, bake
        self._traffic, self._workload = traffic, workload
        self._began = time.monotonic()
        self._judgements: list[Judgement] = []
        self._baked: Judgement | None = None

    def end_killed_run(self) -> StepEnd | None:
        """End a run whose process was killed during its promote or rollback; None if it was in neither."""
        run, by_external = self._settings.run, self._settings.template_by == "external"
        done = finish_killed_run(
            self._names, run, self._teardown, self._traffic, self._workload, by_external=by_external, bake=self._bake
        )
        if done is None:
            return None
        failed = _ROLLED_BACK.get(done.verdict, PermanentError.exit_code)
        found = {"verdict": done.verdict, "reason": results.truncate(done.reason), "judgement": "{}"}
        exit_code = done.exit_code if done.outcome == "promoted" else failed
        return StepEnd({"run": run, **found, "outcome": done.outcome}, exit_code)

    def plan(self) -> StepEnd:
        """Plan the whole release of a canary that passes."""
        settings = self._settings
        limit = settings.ready_timeout_seconds
        ladder = self._ladder(self._claim(CLIMBING))
        climb_in_dry_run(self._names, settings.run, ladder, limit, self._traffic, self._workload)
        self._promote(self._claim(PROMOTABLE))
        return StepEnd({"run": settings.run, "outcome": "dry-run"})

    def climb(self, judge: RungJudge) -> StepEnd:
        """Judge rung after rung, and promote after the last; roll back at the first that does not pass."""
        begun = self._claim(CLIMBING)
        for weight in rungs_left(self._ladder(begun), begun):
            claim = self._claim(CLIMBING)
            judgement = judge.judge(claim, weight, comparison_of(self._settings, claim.state), self._seconds_left())
            self._judgements.append(judgement)
            outcome = "" if judgement.verdict is Verdict.PASS else self.roll_back(judgement.reason)
            judgement_file.try_save(judgement, self._settings.judgement_file)  # after the users are back
            log.info("rung.ended", weight=weight, verdict=str(judgement.verdict), reason=judgement.reason)
            if outcome:
                end = analyze.ended(judgement)
                return StepEnd({**end.results, "outcome": outcome}, end.exit_code, end.summary)
        promoted = self._promote(self._claim(PROMOTABLE))
        self._baked = promoted.judgement
        found = {**analyze.ended(self._judgements[-1]).results, "outcome": promoted.outcome}
        if promoted.exit_code:
            found |= {"verdict": promoted.verdict, "reason": results.truncate(promoted.reason)}
        return StepEnd(found, promoted.exit_code)

    def _ladder(self, claim: Claim) -> tuple[int, ...]:
        """Return the weights to climb; those of a hotfix were chosen when stable was looked at."""
        return claim.state.ladder if claim.state.hotfix else self._settings.ladder

    def _seconds_left(self) -> float | None:
        limit = self._settings.deadline_seconds
        return max(0.0, limit - (time.monotonic() - self._began)) if limit else None

    def roll_back(self, reason: str) -> str:
        """Roll the run back; return the outcome."""
        app, run = self._settings.app, self._settings.run
        outcome = try_roll_back(self._names, run, reason, self._teardown, self._traffic, self._workload)
        if outcome == "rollback-failed" and self._settings.hotfix:
            log.error("hotfix.held", detail=_HELD.format(app=app, run=run))
        return outcome

    def write_report(self) -> None:
        """Write the report, if a folder for it is given."""
        if self._settings.report_dir:
            claims, folder = self._traffic.claims, self._settings.report_dir
            report.write_folder(folder, self._names, claims, self._judgements, self._baked)

    def _claim(self, phases: Sequence[Phase]) -> Claim:
        return require_phase(self._names, self._settings.run, self._traffic.claims, phases)

    def _promote(self, claim: Claim) -> PromotionEnd:
        by_external, bake = self._settings.template_by == "external", self._bake
        return promote_run(claim, self._teardown, self._traffic, self._workload, by_external=by_external, bake=bake)


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings, starts=True)
    recorder = recorder_of(settings, settings.record, settings.run, parts.names, rules_to_record(settings))
    reader = reader_of(settings, parts.names, parts.workload, recorder)
    teardown = teardown_policy_of(settings, parts.cluster, parts.names)
    probing = settings, parts.names, parts.workload
    progress = progress_of(settings.progress_file)
    bake = bake_of(settings, parts.names, parts.traffic, parts.workload, progress)
    with exported(settings, parts.cluster, parts.names) as on_look:
        extras = AnalysisExtras(recorder, prober_of(*probing), probe_preflight_of(*probing), progress, on_look)
        end = run(settings, parts.names, parts.cluster, parts.traffic, parts.workload, reader, teardown, extras, bake)
    return with_dry_run_summary(end, parts.cluster)


def closing_words(exit_code: int, results: Mapping[str, str]) -> str:
    """Return how the release ended, as the last line of a log that a person reads."""
    outcome, reason = results.get("outcome", ""), results.get("reason", "")
    said = _ENDINGS.get(outcome, f"not released, exit code {exit_code}")
    return f"{said}: {reason}" if reason else said


STEP = Step(Settings, RESULTS, main, closing_words=closing_words, ends_release=True)
