"""The verdicts in a claim's state: the newest of each weight, and only while that weight is as it was judged."""

from dataclasses import replace
from typing import Final

import structlog

from steps.claim.annotations import update_annotations
from steps.claim.guarded_write import GuardedWriter, require_own_claim
from steps.claim.observed import observe_claim
from steps.claim.renewal import with_new_expiry
from steps.cluster.api import Cluster, Object, Operation
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


def keep_verdict(cluster: Cluster, writer: GuardedWriter, claim: Claim, verdict: RungVerdict, since: float) -> Claim:
    """Write a verdict into the anchor's state; see `Traffic.keep_verdict`."""
    first = claim.state.targets[0].virtual_service
    doing = f"keeping the verdict of weight {verdict.weight} on VirtualService {first}"

    def plan(obj: Object) -> list[Operation]:
        seen = require_own_claim(obj, claim, frozenset({claim.phase}), doing)
        judged = 0 if seen.state.paused_weight == verdict.weight else verdict.weight  # a pause is weight 0 meanwhile
        if seen.state.weights[-1:] != ((since, judged),):
            detail = f"weight {verdict.weight} was judged; meanwhile somebody set weight {seen.state.weight}."
            log.warning("verdict.not_kept", weight=verdict.weight, verdict=verdict.verdict, detail=detail)
            return []
        state = with_new_expiry(with_verdict(seen.state, verdict), cluster.now())
        return update_annotations(obj, replace(claim, state=state))

    now = observe_claim(writer.write(first, plan), claim.app)
    return now.as_claim() if now else claim
