"""The verdicts in a claim's state: the newest of each weight, and only while that weight is as it was judged."""

from dataclasses import replace
from typing import Final

import structlog

from steps.claim.amend import Edit, amend
from steps.claim.guarded_write import GuardedWriter
from steps.claim.observed import ObservedClaim
from steps.cluster.api import Object
from steps.model.looks import LastLook
from steps.model.run import Claim, RunState
from steps.model.rungs import RungVerdict

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_KEPT: Final = 100
"""There are as many weights above 0, and each is a rung at most once: about 4 kB of the annotation."""


def with_verdict(state: RunState, verdict: RungVerdict) -> RunState:
    """Return the state with a verdict as the newest one, in place of an older one of the same weight."""
    others = tuple(one for one in state.verdicts if one.weight != verdict.weight)
    return replace(state, verdicts=(*others, verdict)[-_KEPT:])


def without_verdict(state: RunState, weight: int) -> RunState:
    """Return the state without the verdict of a weight, which is about to be set anew and must be judged anew."""
    return replace(state, verdicts=tuple(one for one in state.verdicts if one.weight != weight))


def keep_verdict(
    writer: GuardedWriter, claim: Claim, verdict: RungVerdict, since: float, look: LastLook | None = None
) -> Claim:
    """Write a verdict into the anchor's state; see `Claims.keep_verdict`."""
    anchor = claim.state.targets[0]
    doing = f"keeping the verdict of weight {verdict.weight} on VirtualService {anchor.virtual_service}"

    def decide(_: Object, seen: ObservedClaim) -> Edit | None:
        judged = 0 if seen.state.paused_weight == verdict.weight else verdict.weight  # a pause is weight 0 meanwhile
        if not _is_last(seen.state, judged, since):
            detail = f"weight {verdict.weight} was judged; meanwhile somebody set weight {seen.state.weight}."
            log.warning("verdict.not_kept", weight=verdict.weight, verdict=verdict.verdict, detail=detail)
            return None
        state = with_verdict(seen.state, verdict)
        return Edit(replace(state, look=look) if look is not None else state, claim.phase)

    return amend(writer, claim, anchor, frozenset({claim.phase}), doing, decide)


def _is_last(state: RunState, weight: int, since: float) -> bool:
    """Return whether a weight is the last one that was set; this process may know a later time for 0: `zero_now`."""
    if not state.weights:
        return False
    at, last = state.weights[-1]
    return last == weight and (at == since or (not weight and at <= since))
