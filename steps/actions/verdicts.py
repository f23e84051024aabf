"""Verdicts of the rungs: whether they allow a promote, and how the record sums them up."""

import time
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from steps.errors import PermanentError
from steps.model.judgement import Verdict
from steps.model.run import Claim, RunState
from steps.model.rungs import BY_HAND, BY_POLICY, RungVerdict

UNJUDGED: Final = "unjudged"
"""Stands for a verdict in the record: a person promoted without a pass on the last rung."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_SHOWN = 12
"""How many weights a message lists; of a longer ladder it lists the first ones and the last."""


def check_on_ladder(claim: Claim, weight: int) -> None:
    """Refuse a weight that the run's ladder does not allow next; 0 is always allowed.

    Raises:
        PermanentError: the claim knows a ladder without this weight, or the run stands above it.
    """
    ladder, present = claim.state.ladder, claim.state.weight
    if not ladder or not weight:
        return
    doing = f"setting weight {weight} of run {claim.run}"
    if weight not in ladder:
        cause = f"it is not on the run's ladder {listed(ladder)}, which prepare was given (--ladder)."
        raise PermanentError(doing, f"{cause} Set one of these weights, or roll back and prepare with another ladder.")
    if weight < present:
        cause = f"the run is at weight {present} of its ladder {listed(ladder)}, which can only be climbed."
        raise PermanentError(doing, f"{cause} Set 0 to return the users to stable, or roll back.")


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
    memory = claim.state
    weight, verdict = memory.weight, verdict_at(memory, memory.weight)
    if not weight:
        return _unexposed(memory)
    again = f"Run `analyze --run {claim.run}`"
    since = _clock(memory.weights[-1][0])
    if verdict is None:
        return f"weight {weight} has no verdict since it was set at {since}{_kept(memory)}. {again} at this weight"
    if verdict.verdict != Verdict.PASS:
        said = f"weight {weight} was judged {verdict.verdict} at {_clock(verdict.at)}"
        return f"{said}, which is not a pass. {again} at this weight once more"
    left = [rung for rung in memory.ladder if rung > weight]
    if left:
        said = f"weight {weight} passed, but the ladder {listed(memory.ladder)} is not finished: {listed(left)} is left"
        return f"{said}. Set weight {left[0]} and analyze it, and so on to {left[-1]}"
    failed = next((one for one in memory.verdicts if one.verdict == Verdict.FAIL), None)
    if failed is not None:
        said = f"weight {weight} passed, but weight {failed.weight} was judged fail at {_clock(failed.at)}"
        return f"{said}. Set weight 0, then {failed.weight} again, and analyze it and every weight above it"
    return ""


def _unexposed(memory: RunState) -> str:
    rungs = f"Set and analyze the weights {listed(memory.ladder)}" if memory.ladder else "Set a weight and analyze it"
    last = next((weight for _, weight in reversed(memory.weights) if weight), None)
    if last is None:
        return f"no weight was set in this run, so no request of a user was judged. {rungs}"
    known = verdict_at(memory, last)
    said = f"; weight {last} before it was judged {known.verdict}" if known else ""
    return f"the canary has weight 0 since {_clock(memory.weights[-1][0])}{said}. {rungs}"


def _kept(memory: RunState) -> str:
    return "" if memory.ladder or memory.verdicts else " (or an older image judged it, which keeps no verdicts)"


def verdict_at(memory: RunState, weight: int) -> RungVerdict | None:
    """Return the verdict on a weight since it was last set, None if there is none."""
    return next((one for one in memory.verdicts if one.weight == weight), None)


def summarize_verdicts(memory: RunState) -> tuple[str, str]:
    """Return verdict and reason for the record of a promoted run, from what the claim kept.

    Returns:
        The newest verdict ("" if the claim keeps none, `unjudged` if a person promoted without a pass), and one
        sentence.
    """
    if memory.unjudged:
        rungs = "; ".join(_told(memory, every=True)) or "no weight was judged"
        return UNJUDGED, f"promoted without a pass: {memory.unjudged} ({rungs}); stable runs the canary's template"
    if not memory.verdicts:
        return "", "stable runs the canary's template; the claim keeps no verdict of any weight"
    passed = sorted(one.weight for one in memory.verdicts if one.verdict == Verdict.PASS)
    others = _told(memory, every=False)
    said = "no weight" if not passed else f"weight {listed(passed)}" if others else f"every rung ({listed(passed)})"
    told = [f"the canary passed {said}", *_by_others(memory), *others, "stable runs its template"]
    return memory.verdicts[-1].verdict, "; ".join(told)


def _by_others(memory: RunState) -> Iterable[str]:
    """Yield the weights that passed by policy or by hand."""
    for note in (BY_POLICY, BY_HAND):
        weights = sorted(one.weight for one in memory.verdicts if one.verdict == Verdict.PASS and one.note == note)
        if weights:
            yield f"{listed(weights)} {note}"


def _told(memory: RunState, *, every: bool) -> list[str]:
    """Return the verdict of each weight of the ladder and the run: of every one, or of those that did not pass."""
    known = dict.fromkeys([*memory.ladder, *_climbed(memory)], "not judged")
    known |= {one.weight: one.verdict for one in memory.verdicts}
    told: dict[str, list[int]] = {}
    for weight in sorted(known):
        if every or known[weight] != Verdict.PASS:
            told.setdefault(known[weight], []).append(weight)
    return [f"weight {listed(weights)} {verdict}" for verdict, weights in told.items()]


def _climbed(memory: RunState) -> list[int]:
    """Return the weights that were set up to the last judged one; later ones are steps of a promote's return."""
    walk = [weight for _, weight in memory.weights]
    last = memory.verdicts[-1].weight if memory.verdicts else 0
    return [weight for index, weight in enumerate(walk) if weight and last in walk[index:]]


def listed(weights: Sequence[int]) -> str:
    """Return weights as people write them, without the middle of a long list."""
    texts = [str(weight) for weight in weights]
    return ", ".join(texts if len(texts) <= _SHOWN else [*texts[: _SHOWN - 2], "…", texts[-1]])


def _clock(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at))
