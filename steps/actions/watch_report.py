"""Report what each look of an analysis saw: to the recording, the progress file and the log."""

from dataclasses import dataclass

import structlog

from steps.actions.analysis_extras import AnalysisExtras
from steps.actions.control_group import detectable_against_control
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Poll
from steps.judge.checks.sample_size import progress
from steps.judge.rules import Rules
from steps.model.evidence import Evidence, Health
from steps.model.judgement import Judgement
from steps.model.looks import LastLook
from steps.model.probes import ProbeResult
from steps.model.trials import Trial

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw, and how it was judged.

    Args:
        now: when it began (unix seconds, the API server's).
        started: when the canary was first exposed (unix seconds).
        rung_started: when the present weight was set (unix seconds).
        weight: the present weight, percent; None for an analysis without a run.
        control: label value of the baseline that is compared in place of stable, "" for none.
        evidence: the metrics of both arms.
        health: the canary's pods, None if they are not watched.
        probes: results of the deep health checks, None without any.
        judgement: the judge's answer.
        gate_progress: elapsed part (0-1) of a gate's time; None if no gate waits.
        trials: of the run that ended with an alarm.
    """

    now: float
    started: float
    rung_started: float
    weight: int | None
    control: str
    evidence: Evidence
    health: Health | None
    probes: tuple[ProbeResult, ...] | None
    judgement: Judgement
    gate_progress: float | None
    trials: tuple[Trial, ...] = ()


class WatchReport:
    """Reports the looks of one analysis.

    Args:
        reader: of the evidence: a recording keeps what it found out.
        rules: of the judge.
        extras: recording and progress file, if any.
        deadline_seconds: time limit of the rung.
    """

    def __init__(self, reader: EvidenceReader, rules: Rules, extras: AnalysisExtras, deadline_seconds: float) -> None:
        self._reader, self._rules, self._extras = reader, rules, extras
        self._deadline_seconds = deadline_seconds
        self._last_news = ""
        self._has_foreseen = False

    def write(self, look: Look, summed_up: LastLook | None) -> None:
        """Report one look; its sum goes to metrics."""
        if self._extras.on_look is not None and summed_up is not None:
            self._extras.on_look(summed_up)
        self._record(look)
        if self._extras.progress is not None:
            waited = look.gate_progress
            self._extras.progress(progress(look.evidence, self._rules) if waited is None else waited)
        self._log_detectable(look)
        self._log_news(look)

    def _record(self, look: Look) -> None:
        if self._extras.recorder is None:
            return
        reporter = self._reader.reporter
        self._extras.recorder.write_poll(
            Poll(
                now=look.now,
                started=look.started,
                rung_started=look.rung_started,
                weight=look.weight,
                reporter=(reporter.name, reporter.reason) if reporter else None,
                bounds=self._reader.bounds,
                problem=look.evidence.problem,
                health=look.health,
                probes=look.probes,
                verdict=str(look.judgement.verdict),
                code=look.judgement.code,
                control=look.control,
                found=self._reader.found,
                pods=self._reader.pods.known,
                trials=look.trials,
                alarm_line=self._rules.alarm_line,
                before_promotion=look.evidence.before_promotion,
            )
        )

    def _log_detectable(self, look: Look) -> None:
        """Log once, as soon as the traffic is known, what it can detect by the deadline."""
        if self._has_foreseen:
            return
        found = detectable_against_control(look.evidence, self._rules, self._deadline_seconds)
        if found is None:
            return
        self._has_foreseen = True
        write = log.info if found.ratio is not None else log.warning
        write(
            "judge.detectable",
            weight=look.weight,
            canary_requests_per_second=round(found.per_second, 3),
            canary_requests=round(found.requests),
            deadline_seconds=self._deadline_seconds,
            detectable_ratio=None if found.ratio is None else round(found.ratio, 4),
            sentence=found.sentence,
        )

    def _log_news(self, look: Look) -> None:
        """Log a look that shows something new: a stratum, or another reason."""
        judgement = look.judgement
        news = f"{look.evidence.until} {judgement.verdict} {judgement.code}"
        if news == self._last_news:
            return
        self._last_news = news
        rows = judgement.table
        log.info(
            "judge.looked",
            weight=look.weight,
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
