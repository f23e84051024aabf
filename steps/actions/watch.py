"""Watch a rung: poll evidence and pods, keep the claim alive, ask the judge."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from steps.actions.analysis_extras import NO_EXTRAS, AnalysisExtras
from steps.actions.control_group import judge_against_control
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.last_look import sum_up
from steps.actions.lost_objects import require_subsets
from steps.actions.polling import next_poll_seconds
from steps.actions.watch_report import Look, WatchReport
from steps.actions.weight_pause import WeightPause
from steps.evidence.comparison import WITH_STABLE, Comparison
from steps.evidence.reader import EvidenceReader
from steps.judge.checks.alone import as_alone
from steps.judge.rules import Rules
from steps.model.evidence import Health
from steps.model.judgement import Judgement, Verdict
from steps.model.looks import LastLook
from steps.model.run import Claim, RunState
from steps.traffic.traffic import Traffic

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class HealthSource(Protocol):
    """Source of the canary's health."""

    def look(self) -> Health:
        """Return the canary's pods as they are now."""


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """How long to watch.

    Args:
        timeout_seconds: deadline of the judge; 0 means one look.
        poll_seconds: time between two looks; 0 = as scrapes come.
        hold: keep judging after a pass, until the run is approved or the deadline comes.
        pause_on_inconclusive: at the deadline, wait once more for as long.
    """

    timeout_seconds: float
    poll_seconds: float = 0.0
    hold: bool = False
    pause_on_inconclusive: bool = False


@dataclass(frozen=True, slots=True)
class WatchedRung:
    """What is judged, and since when.

    Args:
        started: when the canary was first exposed (unix seconds, the API server's).
        rung_started: when the present weight was set (unix seconds).
        claim: of the run, None for a read-only analysis.
        pods: the canary's health, None if it is not watched.
        weight_pause: pauses the weight while the canary's pods are disrupted; None never writes.
        comparison: what the reader compares, as far as it was decided before.
    """

    started: float
    rung_started: float
    claim: Claim | None = None
    pods: HealthSource | None = None
    weight_pause: WeightPause | None = None
    comparison: Comparison = WITH_STABLE


class Watch:
    """One analysis of one rung.

    Args:
        reader: the evidence.
        rules: of the judge.
        traffic: renews the claim and knows approvals.
        rung: what is judged.
        limits: how long.
        extras: recording, probes, progress.

    Attributes:
        by_hand: whether a person passed the rung without a verdict.
        last: what the last look saw, None before the first.
    """

    def __init__(
        self,
        reader: EvidenceReader,
        rules: Rules,
        traffic: Traffic,
        rung: WatchedRung,
        limits: WatchLimits,
        extras: AnalysisExtras = NO_EXTRAS,
    ) -> None:
        self._reader, self._rules, self._traffic = reader, rules, traffic
        self._rung, self._limits, self._prober = rung, limits, extras.prober
        self._report = WatchReport(reader, rules, extras, limits.timeout_seconds)
        claim = rung.claim
        self._rung_started = rung.rung_started
        self._weight = claim.state.weight if claim else None
        self._heartbeat = ClaimHeartbeat(claim, traffic) if claim else None
        self._is_waiting_for_pods = bool(claim and claim.state.paused_weight)
        self._unreported: Look | None = None
        self.by_hand = False
        self.last: LastLook | None = None

    @property
    def claim(self) -> Claim | None:
        """The claim as it was last renewed."""
        return self._heartbeat.claim if self._heartbeat else None

    @property
    def _state(self) -> RunState | None:
        return self._heartbeat.claim.state if self._heartbeat else None

    def until_decided(
        self, pause: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> Judgement:
        """Poll until the judge decides and the gate, if any, is open, or the deadline comes.

        Each look is reported at once, except a fail: call `report` once the users are on stable.

        Raises:
            NotOwnerError: the claim was lost. ForeignWrite: somebody else changed the weights.
        """
        limits, timeout = self._limits, self._limits.timeout_seconds
        deadline = clock() + timeout
        # A gate (hold) waits for an approval from the start; a pause waits for one after the deadline.
        gate, paused = limits.hold, False
        while True:
            left = deadline - clock()
            # A disruption has a time limit of its own, and the rung starts again after it.
            late = left <= 0 and not (self._is_waiting_for_pods and not paused and timeout)
            gate_progress = 1 - max(0.0, left) / timeout if (gate or paused) and not late else None
            rung_started = self._rung_started
            judgement, soon = self._look(late=late, gate_progress=gate_progress)
            if self._rung_started != rung_started:
                deadline = clock() + timeout
            # A fail ends every wait; a person's approval opens a gate, or passes a rung that was paused.
            if judgement.verdict is Verdict.FAIL:
                return judgement
            approved = (gate or paused) and self._is_approved()
            if gate and not approved and late:
                return _unapproved(judgement, timeout)
            if paused and approved:
                self.by_hand = True
                return replace(judgement, verdict=Verdict.PASS, reason=f"approved by hand; {judgement.reason}")
            gate = gate and not approved
            if not gate and judgement.verdict is not Verdict.CONTINUE:
                if judgement.verdict is Verdict.PASS or not limits.pause_on_inconclusive or (paused and late):
                    return judgement
                if not paused:
                    paused, deadline = True, clock() + timeout
                    log.warning("gate.holding", reason=judgement.reason, seconds=timeout)
            pause(limits.poll_seconds or soon)

    def _look(self, *, late: bool, gate_progress: float | None) -> tuple[Judgement, float]:
        """Judge once; return the judgement and the seconds until the next look.

        Args:
            late: the deadline came.
            gate_progress: elapsed part (0-1) of a gate's time; None if no gate waits.
        """
        rung = self._rung
        if self._heartbeat is not None:
            self._heartbeat.renew(self.last)
            require_subsets(self._heartbeat.claim, self._traffic)
        health = rung.pods.look() if rung.pods else None
        self._pause_or_resume(health)  # before the query to Prometheus, which may be slow
        now, since = self._traffic.claims.now(), self._rung_started
        evidence = self._reader.read(
            rung.started, now, rung_started=since, weight=self._weight, comparison=rung.comparison
        )
        evidence = replace(evidence, before_promotion=self._state is not None and self._state.is_at_last_weight)
        probes = self._prober.look() if self._prober else None
        if self._state is not None and self._state.hotfix:
            evidence = as_alone(evidence)
        judgement = judge_against_control(evidence, health, self._rules, probes, deadline_reached=late)
        is_paused = self._heartbeat is not None and self._heartbeat.claim.state.paused_weight > 0
        self._is_waiting_for_pods = is_paused and judgement.verdict is Verdict.CONTINUE
        control = rung.comparison.control
        trials = self._state.trials if self._state is not None else ()
        self._unreported = Look(
            now, rung.started, since, self._weight, control, evidence, health, probes, judgement, gate_progress, trials
        )
        self.last = sum_up(self._unreported, self._state, self._limits.timeout_seconds, self.last)
        if judgement.verdict is not Verdict.FAIL:
            self.report()  # a fail is reported after the retreat: a slow disk must not delay it
        return judgement, next_poll_seconds(evidence, self._traffic.claims.now())

    def report(self) -> None:
        """Report the last look to the recording, the progress file and the log, unless that is done."""
        look, self._unreported = self._unreported, None
        if look is not None:
            self._report.write(look, self.last)

    def _pause_or_resume(self, health: Health | None) -> None:
        """Pause or restore the weight, as the canary's pods require."""
        if self._rung.weight_pause is None or self._heartbeat is None or health is None:
            return
        before = self._heartbeat.claim.state
        self._heartbeat.claim = self._rung.weight_pause.update(self._heartbeat.claim, health)
        after = self._heartbeat.claim.state
        self._weight = after.weight
        if before.paused_weight and not after.paused_weight:
            self._rung_started = after.weights[-1][0]

    def _is_approved(self) -> bool:
        return self._heartbeat is not None and self._traffic.claims.approved(self._heartbeat.claim)


def _unapproved(judgement: Judgement, seconds: float) -> Judgement:
    reason = f"nobody approved within {seconds:.0f} s; the judge last said: {judgement.reason}"
    return replace(judgement, verdict=Verdict.INCONCLUSIVE, code="not-approved", reason=reason)
