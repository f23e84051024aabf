"""Watch a rung: poll evidence and pods, keep the claim alive, ask the judge."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from steps.actions.control_group import detectable_against_control, judge_against_control
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.polling import next_poll_seconds
from steps.actions.probe_preflight import ProbePreflight
from steps.actions.weight_pause import WeightPause
from steps.evidence.comparison import WITH_STABLE, Comparison
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Poll, Recorder
from steps.judge.checks.sample_size import progress
from steps.judge.rules import Rules
from steps.model.evidence import Evidence, Health
from steps.model.judgement import Judgement, Verdict
from steps.model.probes import ProbeResult
from steps.model.run import Claim
from steps.probing.prober import Prober
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
class AnalysisExtras:
    """Optional parts of an analysis besides Prometheus.

    Args:
        tape: records the polls for replay.
        prober: sends deep health checks between the looks.
        stable_probes: tries the checks on stable before a run begins.
        progress: called with the progress of the rung, or of a gate's time (0-1).
    """

    tape: Recorder | None = None
    prober: Prober | None = None
    probe_preflight: ProbePreflight | None = None
    progress: Callable[[float], None] | None = None


NO_EXTRAS = AnalysisExtras()
"""Prometheus alone."""


class Watch:
    """One analysis of one rung.

    Args:
        reader: the evidence.
        rules: of the judge.
        traffic: renews the claim and knows approvals.
        claim: of the run, None for a read-only analysis.
        pods: the canary's health, None if it is not watched.
        started: when the canary was first exposed (unix seconds, the API server's).
        rung_started: when the present weight was set (unix seconds).
        beside: the optional parts.
        interruption: pauses the weight while the canary's pods are disrupted; None never writes.
        comparison: what the reader compares, as far as it was decided before.

    Attributes:
        by_hand: whether a person passed the rung without a verdict.
    """

    def __init__(
        self,
        reader: EvidenceReader,
        rules: Rules,
        traffic: Traffic,
        claim: Claim | None,
        pods: HealthSource | None,
        started: float,
        rung_started: float,
        beside: AnalysisExtras = NO_EXTRAS,
        interruption: WeightPause | None = None,
        comparison: Comparison = WITH_STABLE,
    ) -> None:
        self._beside, self._interruption = beside, interruption
        self._reader, self._rules, self._traffic, self._pods = reader, rules, traffic, pods
        self._started, self._rung_started, self._comparison = started, rung_started, comparison
        self._seconds = 0.0
        self._weight = claim.state.weight if claim else None
        self._keeper: ClaimHeartbeat | None = ClaimHeartbeat(claim, traffic) if claim else None
        self._said = ""
        self._foresaw = False
        self._waits = bool(claim and claim.state.paused_weight)
        self._tell: Callable[[], None] | None = None
        self.by_hand = False

    @property
    def claim(self) -> Claim | None:
        """The claim as it was last renewed."""
        return self._keeper.claim if self._keeper else None

    def until_decided(
        self,
        patience: WatchLimits,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Judgement:
        """Poll until the judge decides and the gate, if any, is open, or the deadline comes.

        Each look is reported at once, except a fail: call `tell` once the users are on stable.

        Raises:
            NotOwnerError: the claim was lost. ForeignWrite: somebody else changed the weights.
        """
        self._seconds = patience.timeout_seconds
        deadline = clock() + patience.timeout_seconds
        gate, paused = patience.hold, False
        while True:
            left = deadline - clock()
            # A disruption has a time limit of its own, and the rung starts again after it.
            late = left <= 0 and not (self._waits and not paused and patience.timeout_seconds)
            waited = 1 - max(0.0, left) / patience.timeout_seconds if (gate or paused) and not late else None
            begun = self._rung_started
            judgement, soon = self._look(late=late, waited=waited)
            if self._rung_started != begun:
                deadline = clock() + patience.timeout_seconds
            if judgement.verdict is Verdict.FAIL:
                return judgement
            approved = (gate or paused) and self._approved()
            if gate and not approved and late:
                return _unapproved(judgement, patience.timeout_seconds)
            if paused and approved:
                self.by_hand = True
                return replace(judgement, verdict=Verdict.PASS, reason=f"approved by hand; {judgement.reason}")
            gate = gate and not approved
            if not gate and judgement.verdict is not Verdict.CONTINUE:
                if judgement.verdict is Verdict.PASS or not patience.pause_on_inconclusive or (paused and late):
                    return judgement
                if not paused:
                    paused, deadline = True, clock() + patience.timeout_seconds
                    log.warning("gate.holding", reason=judgement.reason, seconds=patience.timeout_seconds)
            pause(patience.poll_seconds or soon)

    def _look(self, *, late: bool, waited: float | None) -> tuple[Judgement, float]:
        """Judge once; return the judgement and the seconds until the next look.

        Args:
            late: the deadline came.
            waited: elapsed part (0-1) of a gate's time; None if no gate waits.
        """
        if self._keeper is not None:
            self._keeper.renew()
        health = self._pods.look() if self._pods else None
        self._heed(health)  # before the query to Prometheus, which may be slow
        now = self._traffic.now()
        evidence = self._reader.read(
            self._started, now, rung_started=self._rung_started, weight=self._weight, comparison=self._comparison
        )
        outcomes = self._beside.prober.look() if self._beside.prober else None
        judgement = judge_against_control(evidence, health, self._rules, outcomes, deadline_reached=late)
        is_paused = self._keeper is not None and self._keeper.claim.state.paused_weight > 0
        self._waits = is_paused and judgement.verdict is Verdict.CONTINUE

        def tell() -> None:
            self._record(now, evidence, health, outcomes, judgement)
            if self._beside.progress is not None:
                self._beside.progress(progress(evidence, self._rules) if waited is None else waited)
            self._foresee(evidence)
            self._say(judgement, evidence)

        self._tell = tell
        if judgement.verdict is not Verdict.FAIL:
            self.tell()  # a fail is reported after the retreat: a slow disk must not delay it
        return judgement, next_poll_seconds(evidence.scrape_interval_seconds, self._traffic.now() - evidence.until)

    def tell(self) -> None:
        """Report the last look to the recording, the progress file and the log, unless that is done."""
        told, self._tell = self._tell, None
        if told is not None:
            told()

    def _heed(self, health: Health | None) -> None:
        """Pause or restore the weight, as the canary's pods require."""
        if self._interruption is None or self._keeper is None or health is None:
            return
        before = self._keeper.claim.state
        self._keeper.claim = self._interruption.update(self._keeper.claim, health)
        memory = self._keeper.claim.state
        self._weight = memory.weight
        if before.paused_weight and not memory.paused_weight:
            self._rung_started = memory.weights[-1][0]

    def _record(
        self,
        now: float,
        evidence: Evidence,
        health: Health | None,
        outcomes: tuple[ProbeResult, ...] | None,
        judgement: Judgement,
    ) -> None:
        if self._beside.tape is None:
            return
        reporter = self._reader.reporter
        self._beside.tape.write_poll(
            Poll(
                now=now,
                started=self._started,
                rung_started=self._rung_started,
                weight=self._weight,
                reporter=(reporter.name, reporter.reason) if reporter else None,
                bounds=self._reader.bounds,
                problem=evidence.problem,
                health=health,
                probes=outcomes,
                verdict=str(judgement.verdict),
                code=judgement.code,
                control=self._comparison.control,
                found=self._reader.found,
                pods=self._reader.pods.known,
            )
        )

    def _foresee(self, evidence: Evidence) -> None:
        """Log once, as soon as the traffic is known, what it can detect by the deadline."""
        if self._foresaw or (found := detectable_against_control(evidence, self._rules, self._seconds)) is None:
            return
        self._foresaw = True
        tell = log.info if found.ratio is not None else log.warning
        tell(
            "judge.detectable",
            weight=self._weight,
            canary_requests_per_second=round(found.per_second, 3),
            canary_requests=round(found.requests),
            deadline_seconds=self._seconds,
            detectable_ratio=None if found.ratio is None else round(found.ratio, 4),
            sentence=found.sentence,
        )

    def _say(self, judgement: Judgement, evidence: Evidence) -> None:
        """Log a look that shows something new: a stratum, or another reason."""
        seen = f"{evidence.until} {judgement.verdict} {judgement.code}"
        if seen == self._said:
            return
        self._said = seen
        rows = judgement.table
        log.info(
            "judge.looked",
            weight=self._weight,
            verdict=str(judgement.verdict),
            code=judgement.code,
            canary_requests=sum(row.canary_total for row in rows),
            canary_bad=sum(row.canary_bad for row in rows),
            stable_requests=sum(row.stable_total for row in rows),
            stable_bad=sum(row.stable_bad for row in rows),
            evidence=float(f"{judgement.e_value:.3g}"),
            alarm_at_evidence=judgement.e_limit,
            reason=judgement.reason,
        )

    def _approved(self) -> bool:
        return self._keeper is not None and self._traffic.approved(self._keeper.claim)


def _unapproved(judgement: Judgement, seconds: float) -> Judgement:
    reason = f"nobody approved within {seconds:.0f} s; the judge last said: {judgement.reason}"
    return replace(judgement, verdict=Verdict.INCONCLUSIVE, code="not-approved", reason=reason)
