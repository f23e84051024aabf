"""Judge a recording again, poll by poll, by other rules; each trial by those that follow from the trials before it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steps.actions.control_group import judge_against_control
from steps.evidence.recording import Poll
from steps.judge.rules import Rules
from steps.judge.second_trial import Mode, TrialPolicy, after_alarm, condemnation, trial_rules
from steps.model.evidence import Evidence
from steps.model.judgement import ReasonCode, Verdict
from steps.model.replay import JudgedPoll, ReplayedRung
from steps.model.trials import Trial


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """By what a recording is judged.

    Args:
        rules: of the judge.
        timeout_seconds: deadline of a rung, counted from its first poll (>= 0).
        policy: what follows an alarm.
        had_trials: whether the recorded run asked for further trials; polls without a trial's line then tell that its
            pods could not be replaced.
    """

    rules: Rules
    timeout_seconds: float
    policy: TrialPolicy
    had_trials: bool

    def at(self, poll: Poll) -> Rules:
        """Return the rules of a poll: those of its trial, if another one can follow."""
        return self.rules if self.is_only_trial(poll) else trial_rules(self.rules, self.policy, poll.trials)

    def is_only_trial(self, poll: Poll) -> bool:
        """Return whether the recorded run could have no second trial although it was asked for one."""
        return self.had_trials and not poll.trials and poll.alarm_line is None


def judge_recording(looks: Iterable[tuple[Poll, Evidence]], by: ReplayRules) -> list[ReplayedRung]:
    """Judge every poll by other rules."""
    rungs: list[ReplayedRung] = []
    first, last = 0.0, ""
    for look, evidence in looks:
        if not rungs or rungs[-1].started != look.rung_started:
            if rungs and _is_paused(rungs[-1]):
                rungs[-1].weight, rungs[-1].started = look.weight, look.rung_started  # the same rung, started again
            else:
                rungs.append(_new_rung(look, by))
            first, last = look.now, ""
        rung = rungs[-1]
        late = look.now - first >= by.timeout_seconds and not (look.weight == 0 and look.code == ReasonCode.DISRUPTED)
        judgement = judge_against_control(evidence, look.health, by.at(look), look.probes, deadline_reached=late)
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


def _new_rung(look: Poll, by: ReplayRules) -> ReplayedRung:
    return ReplayedRung(look.weight, look.rung_started, trials=look.trials, is_only_trial=by.is_only_trial(look))


def _is_paused(rung: ReplayedRung) -> bool:
    """Return whether a rung stopped in the middle of a disruption, so that the next polls continue it."""
    return rung.recorded == (Verdict.CONTINUE, ReasonCode.DISRUPTED)


def conclude(rungs: Sequence[ReplayedRung], by: ReplayRules) -> tuple[Verdict, str]:
    """Return the overall verdict and reason, and mark the rungs that the release comes to under these rules.

    It climbs while rungs pass, and goes on after an alarm where another trial follows, by these rules and in the
    recording.
    """
    ended: tuple[Verdict, str] = (Verdict.INCONCLUSIVE, "the recording holds no look")
    for number, rung in enumerate(rungs):
        rung.is_reached = True
        following = rungs[number + 1] if number + 1 < len(rungs) else rung
        goes_on, verdict, reason = _ending(rung, by, following.trials)
        ended = verdict, reason
        if not goes_on:
            break
    return ended


def _ending(rung: ReplayedRung, by: ReplayRules, trials: Sequence[Trial]) -> tuple[bool, Verdict, str]:
    """Return whether the release goes on after a rung, and the rung's verdict and reason.

    Args:
        rung: as it was judged.
        by: by what.
        trials: that had ended before the next rung: one more if the recorded run began another trial after this one.
    """
    decided, next_trial = rung.first_verdict, len(trials) > len(rung.trials)
    if decided is None:
        reason = rung.polls[-1].judgement.reason if rung.polls else "the recording holds no look"
        ends = "the recorded run returned the users" if next_trial else "the recording ends"
        return False, Verdict.INCONCLUSIVE, f"{ends} before a verdict: {reason}"
    verdict, reason = decided.judgement.verdict, decided.judgement.reason
    if verdict is not Verdict.FAIL:
        # After a pass in place of a recorded alarm, these pods would have climbed on; the recording has others.
        return verdict is Verdict.PASS and not next_trial, verdict, reason
    found = after_alarm(decided.judgement, rung.weight or 0, by.policy, rung.trials)
    if not found.condemned and next_trial:
        # Without a second trial, stable's scrapes after the alarm decide, and the recording knows what they showed.
        failed = condemnation(by.policy, trials)
        return failed is None, verdict, failed.reason if failed is not None else reason
    if found.condemned or rung.is_only_trial or _ended_there(rung, by):
        return False, verdict, f"{reason}; {found.why}" if rung.trials and found.condemned else reason
    return False, Verdict.INCONCLUSIVE, f"all users go back to stable, and the recording has no other trial: {reason}"


def _ended_there(rung: ReplayedRung, by: ReplayRules) -> bool:
    """Return whether the recorded run failed here for good: no further trial was wanted, or none was possible."""
    return by.policy.mode is Mode.NEVER or (by.had_trials and rung.recorded[0] == Verdict.FAIL)
