"""How far a run is, in words."""

from dataclasses import dataclass
from typing import Final

from steps.claim.record import verdict_of
from steps.model.run import Claim, Phase, RunState
from steps.outputs.metrics.samples import rung_of, waiting_since
from steps.outputs.trials import present_trial

_PHASES: Final = {
    Phase.PREPARED: "preparing",
    Phase.WALKING: "walking",
    Phase.PROMOTING: "promoting",
    Phase.ROLLING_BACK: "rolling back",
    Phase.DONE: "ending",
}


@dataclass(frozen=True, slots=True)
class Running:
    """A run with a claim.

    Args:
        phase: as people say it.
        rung: "rung 2 of 3", "" if the ladder is not known; with the trial, if it is not the first one.
        waiting_since: since when it waits for a person (unix seconds), 0 if it does not.
        is_undecided: whether its present weight was judged inconclusive, so that somebody has to decide.
        judged_at: when its newest verdict was reached (unix seconds), 0 without one.
        sentence: what it does, or what it waits for.
    """

    phase: str
    rung: str
    waiting_since: float
    is_undecided: bool
    judged_at: float
    sentence: str


def describe(claim: Claim) -> Running:
    """Return how far a run is."""
    state, verdict = claim.state, _present_verdict(claim)
    judged_at = max((one.at for one in state.verdicts), default=0.0)
    return Running(
        phase="baking" if state.bake_since and claim.phase is Phase.PROMOTING else _PHASES[claim.phase],
        rung=_place(state),
        waiting_since=waiting_since(claim),
        is_undecided=verdict == "inconclusive",
        judged_at=judged_at,
        sentence=_sentence(claim, verdict),
    )


def _place(state: RunState) -> str:
    number = rung_of(state)
    rung = f"rung {number} of {len(state.ladder)}" if number and state.ladder else ""
    return ", ".join(filter(None, (rung, present_trial(state.trials, is_between=state.is_between_trials))))


def _present_verdict(claim: Claim) -> str:
    """Return the verdict of the weight that users get now, "" where it has none or the walk is over."""
    return verdict_of(claim.state) if claim.phase is Phase.WALKING and claim.state.weight else ""


def _sentence(claim: Claim, verdict: str) -> str:
    hotfix = f"Hotfix, judged without stable: {claim.state.hotfix}. " if claim.state.hotfix else ""
    return f"{hotfix}{_progress(claim, verdict)}"


def _progress(claim: Claim, verdict: str) -> str:
    state = claim.state
    match claim.phase:
        case Phase.PREPARED:
            return "The canary is made ready; no user reaches it yet."
        case Phase.PROMOTING if state.bake_since:
            return "All users have the new version; it is judged on."
        case Phase.PROMOTING:
            return "The canary passed; stable gets its version."
        case Phase.ROLLING_BACK:
            return state.reason or "All users go back to stable."
        case _:
            return f"{_walking(state, verdict)}{_seen(state)}{_last_alarm(state)}"


def _walking(state: RunState, verdict: str) -> str:
    if state.is_between_trials:
        return _between_trials(state)
    if state.paused_weight:
        return f"Paused at 0 % until lost pods of the canary are back; then {state.paused_weight} % again."
    if not verdict:
        return "The present weight is being judged." if state.weight else "No user reaches the canary."
    if verdict != "pass":
        return f"Weight {state.weight} % was judged {verdict}."
    left = [rung for rung in state.ladder if rung > state.weight]
    after = f"next is {left[0]} %" if left else "next is the promotion"
    return f"Weight {state.weight} % passed; {after}."


def _between_trials(state: RunState) -> str:
    last = state.trials[-1]
    if last.shared is None and last.metric:
        return "All users are on stable, whose next scrapes show whether it fails as well."
    if last.next_weight:
        return f"All users are on stable until fresh pods of the canary are ready; they begin at {last.next_weight} %."
    return "All users are on stable."


def _last_alarm(state: RunState) -> str:
    """Return the alarm after which this trial began, "" for a first trial."""
    if not state.trials:
        return ""
    last = state.trials[-1]
    return f" Trial {len(state.trials)} ended with an alarm at weight {last.weight}: {last.reason}."


def _seen(state: RunState) -> str:
    """Return what the judge last saw, "" where an older image runs; what it saw of earlier pods is in their alarm."""
    look = state.look
    if look is None or (state.trials and look.at <= state.trials[-1].at) or state.is_between_trials:
        return ""
    counts = [
        f"{one.metric} {one.canary_bad} of {one.canary_total} (stable {one.stable_bad} of {one.stable_total})"
        for one in look.counts
        if one.canary_bad
    ]
    against = f" Evidence against the canary: {100 * min(max(look.evidence, 0.0), 1.0):.0f} % of an alarm"
    return f"{against}{'; ' + ', '.join(counts[:3]) if counts else ''}."
