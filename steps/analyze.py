"""analyze: poll the evidence until the judge decides or the deadline comes.

Before: with `--run` the run holds the claim; without it the step only reads.
Writes: with a claim its renewal and the verdict, with `--weight` that weight first, and on `fail` the retreat: the pod
that saw the failure returns all weight to stable at once. If the cluster takes the canary's last ready pod away: weight
0 until its pods are back, then the weight again. Without a claim nothing.
Exit codes: 0 pass · 5 fail · 6 inconclusive · 2 · 3 · 4 foreign write, missing object · 7 not the owner.
"""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from steps.actions.apply_verdict import apply_verdict, try_retreat
from steps.actions.phases import CLIMBING, require_phase
from steps.actions.shift import shift
from steps.actions.watch import NO_EXTRAS, AnalysisExtras, Watch, WatchLimits
from steps.actions.weight_pause import WeightPause
from steps.errors import SettingsError
from steps.evidence.comparison import Comparison
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.reader import EvidenceReader
from steps.model.judgement import Judgement, Verdict
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase
from steps.model.rungs import BY_HAND, BY_POLICY
from steps.outputs import results
from steps.outputs.judgement_file import save
from steps.settings.cluster import DryRunSettings
from steps.settings.evidence import EvidenceSettings
from steps.settings.judge import DeadlineSettings, JudgeSettings, rules_to_record
from steps.settings.release import ClaimSettings
from steps.settings.workload import ReadinessSettings
from steps.step import EXIT_CODES, EXIT_FAIL, Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.analysis import progress_of, recorder_of
from steps.wiring.baseline import check_baseline, control_of
from steps.wiring.cluster import parts_of, with_dry_run_summary
from steps.wiring.evidence import reader_of
from steps.wiring.judging import rules_of
from steps.wiring.probing import prober_of
from steps.workload.workload import Workload

RESULTS = ("verdict", "reason", "judgement")


class Analysis(ClaimSettings, DryRunSettings, ReadinessSettings, EvidenceSettings, JudgeSettings, DeadlineSettings):
    """What analyze needs; rollout has it too."""

    subject: ClassVar[str] = "Analysis"

    on_fail: Literal["retreat", "exit"] = Field(
        "retreat",
        description="retreat: return all weight to stable at once. exit: only report the verdict. Without --run: exit.",
    )
    judgement_file: str = Field("", description="Where to write the full judgement of the rung, JSON.")
    progress_file: str = Field(
        "", description="File for the rung's progress, as percent of the minimum that a pass needs: N/100."
    )
    record: str = Field(
        "", description="File that keeps all raw answers of Prometheus, for `replay`; compressed if it ends with .gz."
    )


class Settings(Analysis):
    """Judge the canary from Prometheus until it passes, fails or the deadline comes."""

    weight: int | None = Field(
        default=None, ge=0, le=100, description="Set this weight first, percent: a rung in one pod. Needs --run."
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
) -> StepEnd:
    """Judge one rung; see the module's docstring."""
    if settings.run:
        claim = require_phase(names, settings.run, traffic.claims, (*CLIMBING, Phase.ROLLING_BACK))
        if claim.phase is Phase.ROLLING_BACK:
            if settings.on_fail == "retreat":
                try_retreat(claim, claim.state.reason, traffic, workload)  # a kill may have interrupted it
            return _failed_before(claim)
        check_baseline(settings, names, claim.state.workloads.baseline if claim.state.workloads else "")
        return ended(rung(settings, claim, settings.weight, traffic, workload, reader, extras, hold=settings.hold))
    for flag, value in (("--weight", settings.weight), ("--hold", settings.hold or None)):
        if value is not None:
            raise SettingsError("reading the settings", f"{flag} = {value}: needs --run, the run whose claim it uses")
    started = traffic.claims.now() - settings.since_seconds
    watch = Watch(reader, rules_of(settings), traffic, None, None, started, started, extras)
    judgement, _ = _judge(settings, watch, hold=False)
    watch.tell()
    save(judgement, settings.judgement_file)
    return ended(judgement)


def _failed_before(claim: Claim) -> StepEnd:
    """Repeat the result from before the retreat, for a step that was killed after it and runs again."""
    reason = results.truncate(claim.state.reason or "the run's rollback began")
    return StepEnd({"verdict": str(Verdict.FAIL), "reason": reason, "judgement": "{}"}, EXIT_FAIL)


def rung(
    settings: Analysis,
    claim: Claim,
    weight: int | None,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
    extras: AnalysisExtras = NO_EXTRAS,
    *,
    hold: bool = False,
) -> Judgement:
    """Set a weight (None: leave it), judge it, retreat on `fail`, and keep the verdict in the claim."""
    pause = WeightPause(traffic, workload, settings.ready_timeout_seconds)
    if claim.state.paused_weight and weight in {None, claim.state.paused_weight}:
        claim = pause.reapply(claim)  # killed while the canary's pods were disrupted: continue there
    elif weight is not None:
        claim, _ = shift(claim, weight, traffic, workload, settings.ready_timeout_seconds)
    weights = claim.state.weights
    rung_started = weights[-1][0] if weights else traffic.claims.now()
    started = next((at for at, set_to in weights if set_to > 0), rung_started)
    workloads = claim.state.workloads
    disruptions = claim.state.disruptions
    pods = workload.health(workloads, started, rung_started, disruptions) if workloads else None
    watch = Watch(
        reader, rules_of(settings), traffic, claim, pods, started, rung_started, extras, pause,
        _comparison(settings, claim),
    )  # fmt: skip
    judgement, note = _judge(settings, watch, hold=hold)
    judged = watch.claim or claim  # after a disruption the weight is set again within the rung
    since = judged.state.weights[-1][0] if judged.state.weights else rung_started
    try:
        apply_verdict(judged, judgement, note, since, traffic, workload, retreats=settings.on_fail == "retreat")
    finally:
        watch.tell()
    save(judgement, settings.judgement_file)  # after the retreat: a full disk must not delay it
    return judgement


def _comparison(settings: Analysis, claim: Claim) -> Comparison:
    """Return what the run compares: the bounds that prepare chose, and the baseline if there is one."""
    state = claim.state
    return Comparison(
        bounds=Bounds(state.latency_bounds, state.small_bound) if state.latency_bounds else None,
        control=control_of(settings, state.workloads.baseline) if state.workloads else "",
    )


def _judge(settings: Analysis, watch: Watch, *, hold: bool) -> tuple[Judgement, str]:
    """Return the judgement, and a note if policy or a person passed the rung instead of the judge."""
    pause = settings.on_inconclusive == "pause"
    # A dry run looks once: what it would wait for cannot come.
    timeout_seconds = 0.0 if settings.dry_run else settings.timeout_seconds
    judgement = watch.until_decided(WatchLimits(timeout_seconds, settings.poll_seconds, hold, pause))
    note = BY_HAND if watch.by_hand else ""
    if judgement.verdict is Verdict.INCONCLUSIVE and settings.on_inconclusive == "pass":
        note = BY_POLICY
        judgement = replace(
            judgement, verdict=Verdict.PASS, reason=f"passed by policy, inconclusive: {judgement.reason}"
        )
    return judgement, note


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
    """Wire the real collaborators."""
    parts = parts_of(settings)
    recorder = recorder_of(settings, settings.record, parts.names, rules_to_record(settings))
    reader = reader_of(settings, parts.names, parts.workload, recorder)
    prober = prober_of(settings, parts.names, parts.workload)
    end = run(
        settings,
        parts.names,
        parts.traffic,
        parts.workload,
        reader,
        AnalysisExtras(recorder, prober, progress=progress_of(settings.progress_file)),
    )
    return with_dry_run_summary(end, parts.cluster)


STEP = Step(Settings, RESULTS, main)
