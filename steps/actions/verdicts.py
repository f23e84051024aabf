"""Verdicts of the rungs, as the claim kept them, and their summary for the record."""

from collections.abc import Iterable
from typing import Final

from steps.actions.ladder import weight_list
from steps.model.judgement import Verdict
from steps.model.run import RunState
from steps.model.rungs import BY_HAND, BY_POLICY, RungVerdict

UNJUDGED: Final = "unjudged"
"""Stands for a verdict in the record: a person promoted without a pass on the last rung."""


def verdict_at(state: RunState, weight: int) -> RungVerdict | None:
    """Return the verdict on a weight since it was last set, None if there is none."""
    return next((one for one in state.verdicts if one.weight == weight), None)


def summarize_verdicts(state: RunState) -> tuple[str, str]:
    """Return verdict and reason for the record of a promoted run, from what the claim kept.

    Returns:
        The newest verdict ("" if the claim keeps none, `unjudged` if a person promoted without a pass), and one
        sentence.
    """
    if state.unjudged:
        rungs = "; ".join(_verdicts_by_weight(state, every=True)) or "no weight was judged"
        return UNJUDGED, f"promoted without a pass: {state.unjudged} ({rungs}); {_promoted(state)}"
    if not state.verdicts:
        return "", f"{_promoted(state)}; the claim keeps no verdict of any weight"
    passed = sorted(one.weight for one in state.verdicts if one.verdict == Verdict.PASS)
    others = _verdicts_by_weight(state, every=False)
    said = (
        "no weight"
        if not passed
        else f"weight {weight_list(passed)}"
        if others
        else f"every rung ({weight_list(passed)})"
    )
    parts = [f"the canary passed {said}", *_by_others(state), *others, *_after_alarms(state), _promoted(state, "its")]
    return state.verdicts[-1].verdict, "; ".join(parts)


def _promoted(state: RunState, whose: str = "the canary's") -> str:
    """Return how users get what was judged."""
    if state.workloads is not None and state.workloads.is_swap:
        return f"{state.workloads.canary} serves in place of {state.workloads.stable}"
    return f"stable runs {whose} template"


def _after_alarms(state: RunState) -> Iterable[str]:
    """Yield the alarms that fresh pods of the canary, or the same ones after trouble of stable, did not repeat."""
    for who, is_fresh in (("fresh pods", True), ("after trouble of both arms the canary", False)):
        found = sorted({one.weight for one in state.trials if bool(one.next_weight) is is_fresh})
        if found:
            yield f"{who} did not repeat the alarm at weight {weight_list(found)}"


def _by_others(state: RunState) -> Iterable[str]:
    """Yield the weights that passed by policy or by hand."""
    for note in (BY_POLICY, BY_HAND):
        weights = sorted(one.weight for one in state.verdicts if one.verdict == Verdict.PASS and one.note == note)
        if weights:
            yield f"{weight_list(weights)} {note}"


def _verdicts_by_weight(state: RunState, *, every: bool) -> list[str]:
    """Return the verdict of each weight of the ladder and the run: of every one, or of those that did not pass."""
    known = dict.fromkeys([*state.ladder, *_climbed(state)], "not judged")
    known = {weight: said for weight, said in known.items() if weight >= state.adopted}
    known |= {one.weight: one.verdict for one in state.verdicts}
    weights_of: dict[str, list[int]] = {}
    for weight in sorted(known):
        if every or known[weight] != Verdict.PASS:
            weights_of.setdefault(known[weight], []).append(weight)
    return [f"weight {weight_list(weights)} {verdict}" for verdict, weights in weights_of.items()]


def _climbed(state: RunState) -> list[int]:
    """Return the weights that were set up to the last judged one; later ones are steps of a promote's return."""
    walk = [weight for _, weight in state.weights]
    last = state.verdicts[-1].weight if state.verdicts else 0
    return [weight for index, weight in enumerate(walk) if weight and last in walk[index:]]
