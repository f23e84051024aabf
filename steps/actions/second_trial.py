"""The second trial of a run: users back to stable, fresh pods, and up again from the lowest rung.

The claim stays in phase walking at weight 0 between two trials, and its state keeps them. So a process that goes on
for a killed one finds out where the run is: `prepare_next` may be repeated from its beginning.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.polling import next_poll_seconds
from steps.actions.retreat import stable_may_serve
from steps.actions.still_used import last_look, leaving_canary
from steps.actions.teardown import TeardownPolicy, drain
from steps.actions.verdicts import verdict_at
from steps.claim.verdicts import with_verdict
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.evidence.comparison import Comparison
from steps.evidence.reader import EvidenceReader
from steps.judge.rules import Rules
from steps.judge.second_trial import (
    Mode,
    TrialPolicy,
    after_alarm,
    condemnation,
    excess_of,
    first_weight,
    rungs_again,
    trial_rules,
)
from steps.judge.shared_cause import is_shared
from steps.model.judgement import Judgement, Verdict
from steps.model.run import Claim, RunState
from steps.model.rungs import RungVerdict
from steps.model.trials import MOST_CHARACTERS, Trial
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_WATCHED_SECONDS: Final = 120.0
"""How long to wait for the scrapes of stable that tell whether a cause was shared; without them it was not."""


class SecondTrial:
    """Further trials of a run.

    Args:
        policy: whether there are any.
        reader: of the evidence.
        teardown: how pods that go are drained.
        traffic: VirtualServices.
        workload: Deployments.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        policy: TrialPolicy,
        reader: EvidenceReader,
        teardown: TeardownPolicy,
        traffic: Traffic,
        workload: Workload,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._policy, self._reader, self._teardown, self._pause = policy, reader, teardown, pause
        self._traffic, self._workload = traffic, workload
        self._alarm: Judgement | None = None

    def rules(self, rules: Rules, claim: Claim) -> Rules:
        """Return the rules of the present trial: today's where the canary's pods cannot be replaced."""
        if not claim.state.trials and not self._is_possible(claim):
            return rules
        return trial_rules(rules, self._policy, claim.state.trials)

    def rungs(self, state: RunState, wanted: int) -> tuple[int, ...]:
        """Return the rungs that the present pods climb until the wanted one, which is the last."""
        judged = verdict_at(state, state.weight)
        has_passed = judged is not None and judged.verdict == Verdict.PASS
        found = rungs_again(state.ladder, state.trials, state.weight, wanted)
        return tuple(rung for rung in found if rung == wanted or rung > state.weight or not has_passed) or (wanted,)

    def after_alarm(self, claim: Claim, judgement: Judgement) -> tuple[bool, Judgement]:
        """Return the users to stable if another trial follows a judgement that failed the canary.

        Without a second trial that is an alarm which rests on one scrape, or comes as stable begins to fail: stable's
        next scrapes decide.

        Returns:
            Whether they went back, and the judgement with a word about earlier trials. If they did not, the run has to
            be rolled back, as after any fail.

        Raises:
            NotOwnerError: the claim was lost.
        """
        weight = claim.state.paused_weight or claim.state.weight
        decision = after_alarm(judgement, weight, self._policy, claim.state.trials)
        if not decision.condemned and self._may_go_on(claim) and self._go_back(claim, judgement, weight):
            self._alarm = judgement
            return True, judgement
        if claim.state.trials:
            judgement = replace(judgement, reason=f"{judgement.reason}; {decision.why}")
        return False, judgement

    def _go_back(self, claim: Claim, judgement: Judgement, weight: int) -> bool:
        """Return the users, and keep the trial that ended, in one write; the run stays in phase walking."""
        if not self._can_go_back(claim):
            return False
        trials = (*claim.state.trials, self._ended_trial(claim, judgement, weight))
        verdict = RungVerdict(weight, str(Verdict.FAIL), trials[-1].at)
        verdicts = with_verdict(claim.state, verdict).verdicts
        try:
            moved, _ = self._traffic.set_weight(claim, 0, trials=trials, verdicts=verdicts)
        except (Interrupted, NotOwnerError):
            raise
        except StepError as error:
            log.error("trial.failed", error=str(error))
            return False
        next_trial = len(trials) + 1
        log.warning("trial.retreated", weight=0, previous_weight=weight, reason=judgement.reason, next_trial=next_trial)
        next_step = "tries fresh pods of the canary" if self._replaces_pods else "looks whether stable fails too"
        what = f"run {claim.run} put all weight on stable, and {next_step}: {judgement.reason}"
        self._traffic.claims.note(moved, "SecondTrial", what, warning=True)
        return True

    def _can_go_back(self, claim: Claim) -> bool:
        """Return whether stable may get the users; where only the canary is ready, the way of any fail holds them."""
        if claim.state.workloads is None:
            return True
        return stable_may_serve(claim.state.workloads, self._workload)

    def _ended_trial(self, claim: Claim, judgement: Judgement, weight: int) -> Trial:
        ladder, at = claim.state.ladder, round(self._traffic.claims.now(), 1)
        lowest = min(ladder[0] if ladder else weight, weight)
        begin = first_weight(judgement, lowest) if self._replaces_pods else 0
        reason, metric = judgement.reason[:MOST_CHARACTERS], judgement.metric or ""
        excess, until = excess_of(judgement), round(judgement.until, 1)
        return Trial(at, weight, judgement.code, reason, metric, excess, begin, judged_until=until)

    def prepare_next(self, claim: Claim, comparison: Comparison, poll_seconds: float) -> Claim:
        """Make the run ready for its next trial, if the users went back after an alarm; repeatable.

        Args:
            claim: of the run.
            comparison: what is compared.
            poll_seconds: time between two reads of Prometheus; 0 = as scrapes come.

        Raises:
            StillInUse: a route leads to the canary, or requests still arrive there.
            TemporaryError: the old pods do not go, or the API server is in trouble. NotOwnerError: the claim was lost.
        """
        if not claim.state.is_between_trials:
            return claim
        claim, _ = self._traffic.set_weight(claim, 0)  # a kill may have left another VirtualService behind
        claim = self._compare_with_stable(claim, comparison, poll_seconds)
        if self._replaces_pods:
            claim = self._replace_pods(claim)
        self._reader.begin_anew()
        return claim

    def condemnation(self, claim: Claim) -> Judgement | None:
        """Return the fail of an alarm that stable did not share, where no second trial follows; else None.

        The judgement of this process has all numbers; after a kill the claim still knows the reason.
        """
        found = condemnation(self._policy, claim.state.trials) if claim.state.is_between_trials else None
        return replace(self._alarm, reason=found.reason) if found is not None and self._alarm is not None else found

    @property
    def _replaces_pods(self) -> bool:
        return self._policy.mode is not Mode.NEVER

    def _may_go_on(self, claim: Claim) -> bool:
        """Return whether an alarm need not end the run: what follows is possible for it."""
        return self._is_possible(claim) if self._replaces_pods else not claim.state.hotfix

    def _compare_with_stable(self, claim: Claim, comparison: Comparison, poll_seconds: float) -> Claim:
        """Find out by the next scrapes whether stable has the same trouble, and keep the answer."""
        *earlier, last = claim.state.trials
        if last.shared is not None:
            return claim
        if comparison.control:  # a baseline gets no requests at weight 0, so stable itself is looked at
            self._reader.begin_anew()
            comparison = replace(comparison, control="")
        heartbeat, waited, answer = ClaimHeartbeat(claim, self._traffic), 0.0, None
        started = _started(claim.state, tuple(earlier))
        while answer is None and waited < _WATCHED_SECONDS:
            heartbeat.renew()
            now = self._traffic.claims.now()
            seen = self._reader.read(started, now, rung_started=last.at, weight=0, comparison=comparison)
            answer = is_shared(seen, last.metric or None, last.judged_until or last.at)
            if answer is None:
                soon = poll_seconds or next_poll_seconds(seen, now)
                self._pause(soon)
                waited += soon
        shared = bool(answer)
        log.info("trial.compared", shared=shared, metric=last.metric, seconds=round(waited))
        trials = (*earlier, replace(last, shared=shared))
        return self._traffic.claims.update_state(heartbeat.claim, trials=trials)

    def _replace_pods(self, claim: Claim) -> Claim:
        """Scale the canary to 0 once its requests have ended; the next weight starts its new pods."""
        workloads, since = claim.state.workloads, claim.state.trials[-1].at
        if workloads is None:
            return claim
        if old := self._workload.old_pods(workloads, since):
            side = leaving_canary(claim, self._workload)
            drain(claim, side, self._teardown, self._traffic, self._workload)
            self._workload.scale_down(workloads, claim.token, last_look(claim, side, self._traffic, self._workload))
            log.info("trial.pods_stopped", deployment=workloads.canary, pods=old)
        heartbeat, limit = ClaimHeartbeat(claim, self._traffic), self._teardown.ready_timeout_seconds
        self._workload.await_old_pods_gone(workloads, since, limit, heartbeat.renew)
        return heartbeat.claim

    def _is_possible(self, claim: Claim) -> bool:
        """Return whether the canary's pods can be replaced: they are ours, and nobody else sets their number."""
        workloads = claim.state.workloads
        if self._policy.mode is Mode.NEVER or workloads is None or claim.state.hotfix:
            return False
        return set(self._workload.stopping(workloads, workloads.clones, claim.token)) == set(workloads.clones)


def _started(state: RunState, earlier: tuple[Trial, ...]) -> float:
    """Return when the pods of the trial that has just ended got their first users (unix seconds)."""
    since, last = earlier[-1].at if earlier else 0.0, state.trials[-1].at
    return next((at for at, weight in state.weights if weight > 0 and at >= since), last)


def wanted_weight(state: RunState, weight: int | None) -> int:
    """Return the weight (percent) that a rung is about; None: the present one, or that of the last alarm."""
    alarmed = state.trials[-1].weight if state.trials else 0
    return weight if weight is not None else max(state.weight, state.paused_weight, alarmed)
