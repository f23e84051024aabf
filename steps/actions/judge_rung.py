"""Judge a rung: set its weight, watch it until the judge decides, and act on the verdict."""

import time
from dataclasses import dataclass, replace

from steps.actions.analysis_extras import NO_EXTRAS, AnalysisExtras
from steps.actions.apply_verdict import apply_verdict
from steps.actions.lost_objects import users_first
from steps.actions.second_trial import SecondTrial, wanted_weight
from steps.actions.shift import shift
from steps.actions.watch import Watch, WatchedRung, WatchLimits
from steps.actions.weight_pause import WeightPause
from steps.evidence.comparison import Comparison
from steps.evidence.reader import EvidenceReader
from steps.judge.rules import Rules
from steps.model.judgement import Judgement, Verdict
from steps.model.run import Claim
from steps.model.rungs import BY_HAND, BY_POLICY
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload


@dataclass(frozen=True, slots=True)
class RungPolicy:
    """How rungs are judged, and what follows.

    Args:
        rules: of the judge.
        limits: how long to watch.
        ready_timeout_seconds: how long the pods for a weight may take to become ready (> 0).
        retreats: whether a fail returns the users to stable.
        passes_inconclusive: whether a rung passes that has no verdict at the deadline.
    """

    rules: Rules
    limits: WatchLimits
    ready_timeout_seconds: float
    retreats: bool
    passes_inconclusive: bool


class RungJudge:
    """Judges rungs with one reader.

    Args:
        policy: how, and what follows.
        reader: of the evidence.
        traffic: VirtualServices.
        workload: Deployments.
        extras: recording, probes, progress.
        trials: what follows an alarm; None for a run that the first alarm ends.
    """

    def __init__(
        self,
        policy: RungPolicy,
        reader: EvidenceReader,
        traffic: Traffic,
        workload: Workload,
        extras: AnalysisExtras = NO_EXTRAS,
        trials: SecondTrial | None = None,
    ) -> None:
        self._policy, self._reader, self._extras, self._trials = policy, reader, extras, trials
        self._traffic, self._workload = traffic, workload

    def judge(
        self, claim: Claim, weight: int | None, comparison: Comparison, at_most_seconds: float | None = None
    ) -> Judgement:
        """Set a weight (None: leave it), judge it, retreat on `fail`, and keep the verdict in the claim.

        With further trials, an alarm may only return the users: then fresh pods climb to the weight again, here.

        Args:
            claim: of the run.
            weight: percent, 0-100.
            comparison: what is compared.
            at_most_seconds: how long the whole release still has (>= 0); None for no other limit than the policy's.

        Raises:
            NotOwnerError: the claim was lost. ForeignWrite: somebody else changed the weights or the canary.
            PermanentError: the weight is not next on the ladder, or its pods do not become ready.
        """
        if self._trials is None or weight == 0:
            return self._judge_rung(claim, weight, comparison, at_most_seconds)[0]
        return self._judge_in_trials(self._trials, claim, weight, comparison, at_most_seconds)

    def _judge_in_trials(
        self,
        trials: SecondTrial,
        claim: Claim,
        weight: int | None,
        comparison: Comparison,
        at_most_seconds: float | None,
    ) -> Judgement:
        """Judge a rung in as many trials as it takes; each climbs to it from the lowest rung."""
        began, wanted = time.monotonic(), wanted_weight(claim.state, weight)
        while True:
            claim = self._with_fresh_pods(trials, claim, comparison)
            if (found := trials.condemnation(claim)) is not None:
                apply_verdict(claim, found, "", 0.0, self._traffic, self._workload, retreats=True)
                return found
            first, *others = trials.rungs(claim.state, wanted) if claim.state.trials else (weight,)
            judgement, claim = self._judge_rung(claim, first, comparison, at_most_seconds, wanted=wanted)
            for rung in others:
                if judgement.verdict is not Verdict.PASS:
                    break
                left = None if at_most_seconds is None else max(0.0, at_most_seconds - (time.monotonic() - began))
                judgement, claim = self._judge_rung(claim, rung, comparison, left, wanted=wanted)
            if not claim.state.is_between_trials:
                return judgement

    def _with_fresh_pods(self, trials: SecondTrial, claim: Claim, comparison: Comparison) -> Claim:
        if not claim.state.is_between_trials:
            return claim
        claim = trials.prepare_next(claim, comparison, self._policy.limits.poll_seconds)
        if self._extras.prober is not None:
            self._extras.prober.begin_anew()
        return claim

    def _judge_rung(
        self,
        claim: Claim,
        weight: int | None,
        comparison: Comparison,
        at_most_seconds: float | None,
        wanted: int | None = None,
    ) -> tuple[Judgement, Claim]:
        """Judge one rung once; return the judgement, and the claim as the next rung or trial needs it."""
        policy, is_last = self._policy, wanted is None or weight in {None, wanted}
        pause = WeightPause(self._traffic, self._workload, policy.ready_timeout_seconds)
        if claim.state.paused_weight and weight in {None, claim.state.paused_weight}:
            claim = pause.reapply(claim)  # killed while the canary's pods were disrupted: continue there
        elif weight is not None:
            claim, _ = shift(claim, weight, self._traffic, self._workload, policy.ready_timeout_seconds)
        if claim.state.hotfix and self._extras.prober is not None:
            self._extras.prober.ignore_stable()
        rung = self._rung(claim, pause, comparison)
        rules = self._trials.rules(policy.rules, claim) if self._trials else policy.rules
        limits = _shortened(policy.limits, at_most_seconds)
        watch = self._watch(rung, limits if is_last else replace(limits, hold=False), rules)
        with users_first(claim, self._traffic, self._workload, retreats=policy.retreats):
            judgement, note = self._decide(watch)
        judged = watch.claim or claim  # after a disruption the weight is set again within the rung
        since = judged.state.weights[-1][0] if judged.state.weights else rung.rung_started
        try:
            again, judgement = self._goes_on(judged, judgement)
            if not again:
                apply_verdict(
                    judged, judgement, note, since, self._traffic, self._workload,
                    retreats=policy.retreats, look=watch.last,
                )  # fmt: skip
        finally:
            watch.report()
        is_over = not again and (is_last or judgement.verdict is not Verdict.PASS)
        return judgement, judged if is_over else self._traffic.claims.update_state(judged)

    def _goes_on(self, claim: Claim, judgement: Judgement) -> tuple[bool, Judgement]:
        """Return whether the users went back for another trial, and the judgement with what that is decided by."""
        trials = self._trials
        if trials is None or judgement.verdict is not Verdict.FAIL or not self._policy.retreats:
            return False, judgement
        return trials.after_alarm(claim, judgement)

    def judge_without_run(self, started: float) -> Judgement:
        """Judge what happens since a moment (unix seconds); nothing is written to the cluster."""
        watch = self._watch(WatchedRung(started, started), self._policy.limits, self._policy.rules)
        judgement, _ = self._decide(watch)
        watch.report()
        return judgement

    def _watch(self, rung: WatchedRung, limits: WatchLimits, rules: Rules) -> Watch:
        return Watch(self._reader, rules, self._traffic, rung, limits, self._extras)

    def _rung(self, claim: Claim, pause: WeightPause, comparison: Comparison) -> WatchedRung:
        """Return what is judged on the present rung of a run."""
        state = claim.state
        rung_started = state.weights[-1][0] if state.weights else self._traffic.claims.now()
        started = state.exposed_since or rung_started
        pods = None
        if state.workloads is not None:
            pods = self._workload.health(state.workloads, started, rung_started, state.disruptions)
        return WatchedRung(started, rung_started, claim, pods, pause, comparison)

    def _decide(self, watch: Watch) -> tuple[Judgement, str]:
        """Return the judgement, and a note if policy or a person passed the rung instead of the judge."""
        judgement = watch.until_decided()
        if judgement.verdict is Verdict.INCONCLUSIVE and self._policy.passes_inconclusive:
            reason = f"passed by policy, inconclusive: {judgement.reason}"
            return replace(judgement, verdict=Verdict.PASS, reason=reason), BY_POLICY
        return judgement, BY_HAND if watch.by_hand else ""


def _shortened(limits: WatchLimits, at_most_seconds: float | None) -> WatchLimits:
    if at_most_seconds is None or at_most_seconds >= limits.timeout_seconds:
        return limits
    return replace(limits, timeout_seconds=at_most_seconds, pause_on_inconclusive=False)
