"""How far a run is, in words."""

from dataclasses import dataclass
from typing import Final

from steps.claim.record import verdict_of
from steps.model.run import Claim, Phase, RunState
from steps.outputs.metrics.samples import rung_of, waiting_since

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
        rung: "rung 2 of 3", "" if the ladder is not known.
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
    number = rung_of(state)
    return Running(
        phase="baking" if state.bake_since and claim.phase is Phase.PROMOTING else _PHASES[claim.phase],
        rung=f"rung {number} of {len(state.ladder)}" if number and state.ladder else "",
        waiting_since=waiting_since(claim),
        is_undecided=verdict == "inconclusive",
        judged_at=judged_at,
        sentence=_sentence(claim, verdict),
    )


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
            return f"{_walking(state, verdict)}{_seen(state)}"


def _walking(state: RunState, verdict: str) -> str:
    if state.paused_weight:
        return f"Paused at 0 % until lost pods of the canary are back; then {state.paused_weight} % again."
    if not verdict:
        return "The present weight is being judged." if state.weight else "No user reaches the canary."
    if verdict != "pass":
        return f"Weight {state.weight} % was judged {verdict}."
    left = [rung for rung in state.ladder if rung > state.weight]
    after = f"next is {left[0]} %" if left else "next is the promotion"
    return f"Weight {state.weight} % passed; {after}."


def _seen(state: RunState) -> str:
    """Return what the judge last saw, "" where an older image runs."""
    look = state.look
    if look is None:
        return ""
    counts = [
        f"{one.metric} {one.canary_bad} of {one.canary_total} (stable {one.stable_bad} of {one.stable_total})"
        for one in look.counts
        if one.canary_bad
    ]
    against = f" Evidence against the canary: {100 * min(max(look.evidence, 0.0), 1.0):.0f} % of an alarm"
    return f"{against}{'; ' + ', '.join(counts[:3]) if counts else ''}."
