"""rollout: the whole release in one process: prepare, climb the ladder, promote; on any failure roll back.

Before: nothing. For any CI, a Tekton task of one pod, a shell.
Writes: what prepare, analyze, promote and rollback write.
Exit codes: 0 promoted or noop · 5 fail · 6 inconclusive (rolled back) · 2 · 3 · 4 (rolled back) · 7 another run holds.
`--dry-run` plans the whole release of a canary that passes: outcome `dry-run`.
SIGTERM: 3, traffic stays as it is; the next run or sweep restores it when the claim expires.
"""

from pathlib import Path

import structlog
from pydantic import Field

from steps import analyze, prepare, promote, report
from steps.actions.phases import CLIMBING, PROMOTABLE, require_phase
from steps.actions.roll_back import roll_back
from steps.actions.shift import shift
from steps.actions.teardown import TeardownPolicy
from steps.actions.verdicts import summarize_verdicts
from steps.actions.watch import NO_EXTRAS, AnalysisExtras
from steps.beside import probe_preflight_of, prober_of, progress_of, tape_of
from steps.claim.record import verdict_of
from steps.cluster.api import Cluster
from steps.errors import Interrupted, NotOwnerError, PermanentError, StepError
from steps.evidence.reader import EvidenceReader
from steps.model.judgement import Judgement, Verdict
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase
from steps.model.rungs import RungVerdict
from steps.outputs import results
from steps.outputs.files import save
from steps.settings.ladder import LadderSettings
from steps.step import EXIT_DONE, EXIT_FAIL, EXIT_INCONCLUSIVE, Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring import parts_of, reader_of, teardown_policy_of, with_dry_run_summary
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_ROLLED_BACK = {str(Verdict.FAIL): EXIT_FAIL, str(Verdict.INCONCLUSIVE): EXIT_INCONCLUSIVE}

RESULTS = ("run", "verdict", "reason", "judgement", "outcome")


class Settings(LadderSettings, prepare.Preparation, analyze.Analysis, promote.Promotion):
    """Prepare, climb the ladder, promote; roll back on any failure."""

    report_dir: str = Field("", description="Where to write report.txt and report.json.")


def run(
    settings: Settings,
    names: ReleaseNames,
    cluster: Cluster,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
    ending: TeardownPolicy,
    beside: AnalysisExtras = NO_EXTRAS,
) -> StepEnd:
    """Release one image; see the module's docstring."""
    is_named = bool(settings.run)
    settings = prepare.with_run(settings, names)
    judgements: list[Judgement] = []
    try:
        if is_named and (end := _brought_to_its_end(settings, names, traffic, workload, ending)) is not None:
            return end
        prepared = prepare.run(settings, names, cluster, traffic, workload, reader, ending, beside)
        if prepared.results["outcome"] == "noop":
            reason = results.truncate(str(prepared.summary.get("detail", "")))
            return StepEnd({"outcome": "noop", "run": prepared.results.get("run", ""), "reason": reason})
        if cluster.is_dry_run:
            return _rehearse(settings, names, traffic, workload, ending)
        end = _walk(settings, names, traffic, workload, reader, ending, judgements, beside)
    except (NotOwnerError, Interrupted):
        raise  # another owner decides now, or somebody stopped this process: traffic stays as it is
    except StepError as error:
        outcome = _restore(settings, names, str(error), traffic, workload, ending)
        if outcome == "not-owner":
            raise  # refused before the claim: nothing was changed
        log.error("rollout.stopped", error=str(error))  # noqa: TRY400 - a sentence helps more than our traceback
        end = StepEnd({"outcome": outcome, "reason": results.truncate(str(error))}, error.exit_code)
    except Exception as defect:
        # A defect of ours must not leave users on a canary that nobody watches; the traceback is still logged.
        _restore(settings, names, f"{type(defect).__name__}: {defect}", traffic, workload, ending)
        raise
    _report(settings, names, traffic, judgements)
    return StepEnd({"run": settings.run, **end.results}, end.exit_code, end.summary)


def _brought_to_its_end(
    settings: Settings, names: ReleaseNames, traffic: Traffic, workload: Workload, ending: TeardownPolicy
) -> StepEnd | None:
    """End a run whose process was killed amid its promote or its rollback; None where it did not come so far."""
    try:
        claim = traffic.held(names.app, settings.run, names.virtual_services)
    except (NotOwnerError, PermanentError):
        return None  # prepare reports what is wrong, if anything is
    if claim.phase is Phase.PROMOTING:
        promote.promote(claim, settings, traffic, workload, ending)
        verdict, reason = summarize_verdicts(claim.state)
        return _told(settings, verdict, reason, "promoted", EXIT_DONE)
    if claim.phase is Phase.ROLLING_BACK:
        outcome = roll_back(claim, claim.state.reason, ending, traffic, workload)
        verdict = verdict_of(claim.state)
        exit_code = _ROLLED_BACK.get(verdict, PermanentError.exit_code)
        return _told(settings, verdict, claim.state.reason, outcome, exit_code)
    return None


def _told(settings: Settings, verdict: str, reason: str, outcome: str, exit_code: int) -> StepEnd:
    found = {"verdict": verdict, "reason": results.truncate(reason), "judgement": "{}", "outcome": outcome}
    return StepEnd({"run": settings.run, **found}, exit_code)


def _walk(
    settings: Settings,
    names: ReleaseNames,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
    ending: TeardownPolicy,
    judgements: list[Judgement],
    beside: AnalysisExtras,
) -> StepEnd:
    for weight in _left(settings.ladder, require_phase(names, settings.run, traffic, CLIMBING)):
        claim = require_phase(names, settings.run, traffic, CLIMBING)
        judgement = analyze.rung(settings, claim, weight, traffic, workload, reader, beside)
        judgements.append(judgement)
        log.info("rung.ended", weight=weight, verdict=str(judgement.verdict), reason=judgement.reason)
        if judgement.verdict is not Verdict.PASS:
            outcome = _restore(settings, names, judgement.reason, traffic, workload, ending)
            end = analyze.ended(judgement)
            return StepEnd({**end.results, "outcome": outcome}, end.exit_code, end.summary)
    promote.promote(require_phase(names, settings.run, traffic, PROMOTABLE), settings, traffic, workload, ending)
    return StepEnd({**analyze.ended(judgements[-1]).results, "outcome": "promoted"})


def _left(ladder: tuple[int, ...], claim: Claim) -> tuple[int, ...]:
    """Return the rungs to climb: all, or those that a killed process of this run had left."""
    reached = max(claim.state.weight, claim.state.paused_weight)
    left = tuple(weight for weight in ladder if weight >= reached)
    if left != ladder:
        log.info("rollout.resumed", weight=reached, detail=f"the run is at weight {reached} and continues from there")
    return left or ladder[-1:]


def _rehearse(
    settings: Settings, names: ReleaseNames, traffic: Traffic, workload: Workload, ending: TeardownPolicy
) -> StepEnd:
    """Plan the whole release of a canary that passes; without traffic there is nothing to judge."""
    for weight in settings.ladder:
        claim = require_phase(names, settings.run, traffic, CLIMBING)
        claim, _ = shift(claim, weight, traffic, workload, settings.ready_timeout_seconds)
        set_at, _ = claim.state.weights[-1]
        traffic.keep_verdict(claim, RungVerdict(weight, str(Verdict.PASS), traffic.now()), set_at)
        log.info("dry_run.rung", weight=weight, detail="here the canary would be judged")
    promote.promote(require_phase(names, settings.run, traffic, PROMOTABLE), settings, traffic, workload, ending)
    return StepEnd({"run": settings.run, "outcome": "dry-run"})


def _restore(
    settings: Settings, names: ReleaseNames, reason: str, traffic: Traffic, workload: Workload, ending: TeardownPolicy
) -> str:
    try:
        claim: Claim = traffic.held(names.app, settings.run, names.virtual_services)
        return roll_back(claim, reason, ending, traffic, workload)
    except NotOwnerError:
        return "not-owner"
    except Interrupted:
        raise
    except StepError as error:
        log.error("rollback.failed", error=str(error))  # noqa: TRY400 - a sentence helps more than our traceback
        return "rollback-failed"


def _report(settings: Settings, names: ReleaseNames, traffic: Traffic, judgements: list[Judgement]) -> None:
    """Write the report; a failure to write it never changes the outcome of a release."""
    if not settings.report_dir:
        return
    try:
        made = report.gather(names, traffic).with_judgements([one.to_json() for one in judgements])
        for name, text in (("report.json", made.as_json()), ("report.txt", made.as_text())):
            save(text, str(Path(settings.report_dir) / name), "--report-dir", "writing the report")
    except Interrupted:
        raise
    except StepError as error:
        log.warning("report.failed", error=str(error))


def main(settings: Settings) -> StepEnd:
    """Wire the real collaborators."""
    parts = parts_of(settings)
    tape = tape_of(settings, settings.record, parts.names)
    reader = reader_of(settings, parts.names, parts.workload, tape)
    ending = teardown_policy_of(settings, parts.cluster)
    probing = settings, parts.names, parts.workload
    progress = progress_of(settings.progress_file)
    beside = AnalysisExtras(tape, prober_of(*probing), probe_preflight_of(*probing), progress)
    end = run(settings, parts.names, parts.cluster, parts.traffic, parts.workload, reader, ending, beside)
    return with_dry_run_summary(end, parts.cluster)


STEP = Step(Settings, RESULTS, main)
