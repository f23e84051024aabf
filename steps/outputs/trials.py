"""Trials that ended with an alarm, in words for reports, pages, lists and messages.

They answer: when was it, at which weight and why? What did it cost, did stable fail as well, and where were the users?
"""

from collections.abc import Iterator, Sequence
from typing import Final

from steps.model.times import date_and_time
from steps.model.trials import Trial

_SOON: Final = 60.0
"""Seconds in which the users are back after an alarm: a later weight 0 is another one, of a record that lost some."""


def ended_trial(trial: Trial) -> str:
    """Return when and why a trial ended, in one line."""
    about = ", ".join(filter(None, (trial.code, trial.metric)))
    return f"alarm at weight {trial.weight} at {date_and_time(trial.at)} ({about}): {trial.reason}"


def consequences(trial: Trial, weights: Sequence[tuple[float, int]]) -> str:
    """Return how long the users were back after a trial, what it cost, and whether stable failed too, in one line.

    Args:
        trial: that ended with an alarm.
        weights: of the run, (unix seconds, percent), oldest first; a record may lack some.
    """
    failed = "request" if trial.excess == 1 else "requests"
    cost = f"{trial.excess or 'no'} {failed} failed beyond stable's rate"
    return "; ".join([_users(trial, weights), cost, *_cause(trial)])


def account(trials: Sequence[Trial], weights: Sequence[tuple[float, int]]) -> list[str]:
    """Return a line for each trial that ended with an alarm, for a message; arguments as for `consequences`."""
    return [f"trial {number}: {ended_trial(one)}; {consequences(one, weights)}" for number, one in enumerate(trials, 1)]


def followed(trials: Sequence[Trial], weights: Sequence[tuple[float, int]]) -> tuple[Trial, ...]:
    """Return the trials after which users met the canary again; a run may have ended with the alarm of its last one."""
    exposed = max((at for at, weight in weights if weight), default=0.0)
    return tuple(one for one in trials if one.at <= exposed)


def alarms(trials: Sequence[Trial]) -> str:
    """Return how many trials were followed by another one, for a list: "2 alarms before"; "" without any."""
    return f"{len(trials)} alarm{'' if len(trials) == 1 else 's'} before" if trials else ""


def returns(trials: Sequence[Trial]) -> str:
    """Return after which alarms the canary of a run that ended had been tried again, a sentence; "" without any."""
    weights = " and ".join(str(one.weight) for one in trials)
    several = len(trials) > 1
    alarm = f"alarms at weights {weights}" if several else f"an alarm at weight {weights}"
    return f"Before that, all users had gone back to stable after {alarm}." if trials else ""


def present_trial(trials: Sequence[Trial], *, is_between: bool) -> str:
    """Return which trial runs: "trial 2", "users back after alarm 1" before it; "" for the first one."""
    if not trials:
        return ""
    return f"users back after alarm {len(trials)}" if is_between else f"trial {len(trials) + 1}"


def _cause(trial: Trial) -> Iterator[str]:
    """Yield whether stable failed as well; pods and probes are the canary's own, so nobody looked at stable."""
    if trial.shared is not None and trial.metric:
        shared = "stable failed as well right after it, so the cause was shared"
        yield shared if trial.shared else "stable did not fail right after it, so the cause was not shared"
    elif trial.metric:
        yield "whether stable failed as well is not known"


def _users(trial: Trial, weights: Sequence[tuple[float, int]]) -> str:
    """Return how long all users were on stable, as far as the weights tell."""
    later = [(at, weight) for at, weight in weights if at >= trial.at]
    if not later or later[0][1] or later[0][0] - trial.at > _SOON:
        return "all users went back to stable"
    began = next(((at, weight) for at, weight in later if weight), None)
    if began is None:
        return "all users have been on stable since"
    what = "fresh pods began" if trial.next_weight else "the canary began again"
    return f"all users were on stable for {began[0] - later[0][0]:.0f} s, until {what} at weight {began[1]}"
