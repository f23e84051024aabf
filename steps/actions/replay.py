"""Judge a recording again, poll by poll, by other rules."""

from collections.abc import Iterable

from steps.actions.control_group import judge_against_control
from steps.evidence.recording import Poll
from steps.judge.rules import Rules
from steps.model.evidence import Evidence
from steps.model.judgement import ReasonCode, Verdict
from steps.model.replay import JudgedPoll, ReplayedRung


def judge_recording(looks: Iterable[tuple[Poll, Evidence]], rules: Rules, timeout_seconds: float) -> list[ReplayedRung]:
    """Judge every poll by `rules`; a rung's deadline is `timeout_seconds` after its first poll."""
    rungs: list[ReplayedRung] = []
    first, last = 0.0, ""
    for look, evidence in looks:
        if not rungs or rungs[-1].started != look.rung_started:
            if rungs and _is_paused(rungs[-1]):
                rungs[-1].weight, rungs[-1].started = look.weight, look.rung_started  # the same rung, started again
            else:
                rungs.append(ReplayedRung(look.weight, look.rung_started))
            first, last = look.now, ""
        rung = rungs[-1]
        late = look.now - first >= timeout_seconds and not (look.weight == 0 and look.code == ReasonCode.DISRUPTED)
        judgement = judge_against_control(evidence, look.health, rules, look.probes, deadline_reached=late)
        seen = JudgedPoll(max(evidence.until, look.rung_started), judgement)
        if judgement.verdict is not Verdict.CONTINUE:
            rung.first_polls.setdefault(judgement.verdict, seen)
        news = f"{evidence.until} {judgement.verdict} {judgement.code}"
        if news != last:
            if rung.polls and rung.polls[-1].at == seen.at:
                rung.polls.pop()  # the same scrape; one of its metrics came earlier
            rung.polls.append(seen)
        rung.recorded, rung.recorded_at, last = (look.verdict, look.code), seen.at, news
    return rungs


def _is_paused(rung: ReplayedRung) -> bool:
    """Return whether a rung stopped in the middle of a disruption, so that the next polls continue it."""
    return rung.recorded == (Verdict.CONTINUE, ReasonCode.DISRUPTED)


def overall_verdict(rungs: list[ReplayedRung]) -> tuple[Verdict, str]:
    """Return the overall verdict and reason: those of the first rung that does not pass, else of the last."""
    for rung in rungs:
        decided = rung.first_verdict
        if decided is None:
            reason = rung.polls[-1].judgement.reason if rung.polls else "the recording holds no look"
            return Verdict.INCONCLUSIVE, f"the recording ends before a verdict: {reason}"
        if decided.judgement.verdict is not Verdict.PASS:
            return decided.judgement.verdict, decided.judgement.reason
    if not rungs:
        return Verdict.INCONCLUSIVE, "the recording holds no look"
    last = rungs[-1].first_verdict
    return Verdict.PASS, last.judgement.reason if last else ""
