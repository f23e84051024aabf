"""Promotion gate: refuse a promote unless the last rung passed, or a person gives a reason."""

import structlog

from steps.actions.ladder import weight_list
from steps.actions.verdicts import verdict_at
from steps.errors import PermanentError
from steps.model.judgement import Verdict
from steps.model.run import Claim, RunState
from steps.model.times import date_and_time

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def check_passed(claim: Claim, unjudged: str) -> str:
    """Refuse a promote of a canary whose last rung has no pass, unless a person says why it may be promoted.

    Returns:
        The person's reason if it was needed, "" if the canary passed.

    Raises:
        PermanentError: names the weight, its verdict and the remedy.
    """
    lacking = _lacking(claim)
    if lacking and not unjudged:
        remedy = f'or roll back. `promote --run {claim.run} --unjudged "why"` promotes without a pass, as the record'
        raise PermanentError(f"promoting run {claim.run}", f"{lacking}, {remedy} will say.")
    if lacking:
        log.warning("promote.unjudged", weight=claim.state.weight, reason=unjudged, lacking=lacking)
    elif unjudged:
        log.info("promote.unjudged_needless", detail="the last rung passed: --unjudged was neither needed nor recorded")
    return unjudged if lacking else ""


def _lacking(claim: Claim) -> str:
    """Return what a promote lacks, and the remedy; "" if nothing."""
    state = claim.state
    weight, verdict = state.weight, verdict_at(state, state.weight)
    if not weight:
        return _unexposed(state)
    again = f"Run `analyze --run {claim.run}`"
    since = date_and_time(state.weights[-1][0])
    if verdict is None:
        return (
            f"weight {weight} has no verdict since it was set at {since}{_older_image(state)}. {again} at this weight"
        )
    if verdict.verdict != Verdict.PASS:
        said = f"weight {weight} was judged {verdict.verdict} at {date_and_time(verdict.at)}"
        return f"{said}, which is not a pass. {again} at this weight once more"
    left = [rung for rung in state.ladder if rung > weight]
    if left:
        ladder = f"the ladder {weight_list(state.ladder)} is not finished: {weight_list(left)} is left"
        return f"weight {weight} passed, but {ladder}. Set weight {left[0]} and analyze it, and so on to {left[-1]}"
    failed = next((one for one in state.verdicts if one.verdict == Verdict.FAIL), None)
    if failed is not None:
        said = f"weight {weight} passed, but weight {failed.weight} was judged fail at {date_and_time(failed.at)}"
        return f"{said}. Set weight 0, then {failed.weight} again, and analyze it and every weight above it"
    return ""


def _unexposed(state: RunState) -> str:
    rungs = (
        f"Set and analyze the weights {weight_list(state.ladder)}" if state.ladder else "Set a weight and analyze it"
    )
    last = next((weight for _, weight in reversed(state.weights) if weight), None)
    if last is None:
        return f"no weight was set in this run, so no request of a user was judged. {rungs}"
    known = verdict_at(state, last)
    said = f"; weight {last} before it was judged {known.verdict}" if known else ""
    return f"the canary has weight 0 since {date_and_time(state.weights[-1][0])}{said}. {rungs}"


def _older_image(state: RunState) -> str:
    return "" if state.ladder or state.verdicts else " (or an older image judged it, which keeps no verdicts)"
