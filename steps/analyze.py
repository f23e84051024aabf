"""analyze: poll the evidence until the judge decides or the deadline comes.

Before: with `--run` the run holds the claim; without it the step only reads. With `--await-weight` it waits until the
run's set-weight, which runs beside it, has set that weight.
Writes: with a claim its renewal and the verdict, with `--weight` that weight first, and on `fail` the retreat: the pod
that saw the failure returns all weight to stable at once. If the cluster takes the canary's last ready pod away: weight
0 until its pods are back, then the weight again. With --second-trial an alarm may lead to fresh pods of the canary,
which climb to the weight again within this step. Without a claim nothing.
Exit codes: 0 pass · 5 fail · 6 inconclusive · 2 · 3 · 4 foreign write, missing object · 7 not the owner.
"""

from pydantic import Field

from steps.actions.analysis_extras import NO_EXTRAS, AnalysisExtras
from steps.actions.apply_verdict import try_retreat
from steps.actions.awaited_weight import await_weight
from steps.actions.judge_rung import RungJudge
from steps.actions.ladder import is_below_start, skip_reason
from steps.actions.phases import CLIMBING, require_phase
from steps.actions.second_trial import SecondTrial
from steps.errors import SettingsError
from steps.evidence.reader import EvidenceReader
from steps.model.judgement import Judgement, Verdict
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase
from steps.outputs import results
from steps.outputs.judgement_file import try_save
from steps.settings.analysis import AnalysisSettings
from steps.settings.export import ExportSettings
from steps.settings.judge import rules_to_record
from steps.settings.workload import DrainSettings
from steps.step import EXIT_CODES, EXIT_FAIL, Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.analysis import progress_of, recorder_of
from steps.wiring.baseline import check_baseline, comparison_of
from steps.wiring.cluster import parts_of, teardown_policy_of, with_dry_run_summary
from steps.wiring.evidence import reader_of
from steps.wiring.export import exported
from steps.wiring.judging import rung_policy_of, second_trial_of
from steps.wiring.probing import prober_of
from steps.workload.workload import Workload

RESULTS = ("verdict", "reason", "judgement")


class Settings(AnalysisSettings, DrainSettings, ExportSettings):
    """Judge the canary from Prometheus until it passes, fails or the deadline comes."""

    weight: int | None = Field(
        default=None, ge=0, le=100, description="Set this weight first, percent: a rung in one pod. Needs --run."
    )
    await_weight: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Judge once the run's set-weight, which runs beside this step, has set this weight, percent. Needs"
        " --run.",
    )
    await_seconds: float = Field(
        0.0,
        ge=0,
        le=86400,
        description="With --await-weight: how long to wait without a sign of set-weight, seconds; it renews the claim "
        "each minute until it has set the weight. For an engine that does not start it again after its pod died. 0: "
        "until the claim expires.",
    )
    hold: bool = Field(
        default=False,
        description="A gate that keeps judging until the annotation canary-steps.io/approve.<app> names the run."
        " A change of the weight removes the annotation.",
    )
    since_seconds: float = Field(
        0.0, ge=0, le=86400, description="Without --run: also judge this much time before the start, seconds."
    )


def run(
    settings: Settings,
    names: ReleaseNames,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
    extras: AnalysisExtras = NO_EXTRAS,
    trials: SecondTrial | None = None,
) -> StepEnd:
    """Judge one rung; see the module's docstring."""

    def judge_of(*, hotfix: bool = False) -> RungJudge:
        policy = rung_policy_of(settings, hold=settings.hold, hotfix=hotfix)
        return RungJudge(policy, reader, traffic, workload, extras, trials)

    if not settings.run:
        _require_run_for(weight=settings.weight, await_weight=settings.await_weight, hold=settings.hold or None)
        judgement = judge_of().judge_without_run(traffic.claims.now() - settings.since_seconds)
    else:
        claim = _claim_at_its_rung(settings, names, traffic)
        if claim.phase is Phase.ROLLING_BACK:
            if settings.on_fail == "retreat":
                try_retreat(claim, claim.state.reason, traffic, workload)  # a kill may have interrupted it
            return _failed_before(claim)
        weight = settings.weight if settings.await_weight is None else settings.await_weight
        if weight is not None and is_below_start(claim, weight):
            reason = skip_reason(claim, weight)
            return StepEnd({"verdict": str(Verdict.PASS), "reason": reason, "judgement": "{}"})
        check_baseline(settings, names, claim.state.workloads.baseline if claim.state.workloads else "")
        judge = judge_of(hotfix=bool(claim.state.hotfix))
        judgement = judge.judge(claim, settings.weight, comparison_of(settings, claim.state))
    try_save(judgement, settings.judgement_file)  # after the retreat, which a slow disk must not delay
    return ended(judgement)


def _require_run_for(**flags: object) -> None:
    for flag, value in flags.items():
        if value is not None:
            cause = f"--{flag.replace('_', '-')} = {value}: needs --run, the run whose claim it uses"
            raise SettingsError("reading the settings", cause)


def _claim_at_its_rung(settings: Settings, names: ReleaseNames, traffic: Traffic) -> Claim:
    """Return the run's claim, with `--await-weight` once the weight is set."""
    if settings.await_weight is None:
        return require_phase(names, settings.run, traffic.claims, (*CLIMBING, Phase.ROLLING_BACK))
    if settings.weight is not None:
        cause = f"--await-weight = {settings.await_weight}: excludes --weight, since set-weight sets it; drop one"
        raise SettingsError("reading the settings", cause)
    return await_weight(names, settings.run, settings.await_weight, settings.await_seconds, traffic.claims)


def _failed_before(claim: Claim) -> StepEnd:
    """Repeat the result from before the retreat, for a step that was killed after it and runs again."""
    reason = results.truncate(claim.state.reason or "the run's rollback began")
    return StepEnd({"verdict": str(Verdict.FAIL), "reason": reason, "judgement": "{}"}, EXIT_FAIL)


def ended(judgement: Judgement) -> StepEnd:
    """Return results and exit code for a judgement."""
    found = {
        "verdict": str(judgement.verdict),
        "reason": results.truncate(judgement.reason),
        "judgement": judgement.small(),
    }
    return StepEnd(
        found, EXIT_CODES[judgement.verdict], {"code": judgement.code, "requests": judgement.canary_requests}
    )


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings)
    recorder = recorder_of(settings, settings.record, settings.run, parts.names, rules_to_record(settings))
    reader = reader_of(settings, parts.names, parts.workload, recorder)
    prober = prober_of(settings, parts.names, parts.workload)
    with exported(settings, parts.cluster, parts.names) as on_look:
        extras = AnalysisExtras(recorder, prober, progress=progress_of(settings.progress_file), on_look=on_look)
        teardown = teardown_policy_of(settings, parts.cluster, parts.names)
        trials = second_trial_of(settings, reader, teardown, parts.traffic, parts.workload)
        end = run(settings, parts.names, parts.traffic, parts.workload, reader, extras, trials)
    return with_dry_run_summary(end, parts.cluster)


STEP = Step(Settings, RESULTS, main)
