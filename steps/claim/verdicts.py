"""The verdicts in a claim's memory: the newest of each weight, and only while that weight is as it was judged."""

from dataclasses import replace
from typing import Final

import structlog

from steps.claim.guarded_write import Fence, owned
from steps.claim.observed import sighting
from steps.claim.renewal import renewed
from steps.cluster.api import Cluster, Object, Operation
from steps.model.run import Claim, Memory
from steps.model.rungs import RungVerdict
from steps.traffic.stamping import restamp

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_KEPT: Final = 100
"""There are as many weights above 0, and each is a rung at most once: about 4 kB of the annotation."""


def with_verdict(memory: Memory, verdict: RungVerdict) -> Memory:
    """Return the memory with a verdict as the newest one, in place of an older one of the same weight."""
    others = tuple(one for one in memory.verdicts if one.weight != verdict.weight)
    return replace(memory, verdicts=(*others, verdict)[-_KEPT:])


def without_verdict(memory: Memory, weight: int) -> Memory:
    """Return the memory without the verdict of a weight, which is about to be set anew and must be judged anew."""
    return replace(memory, verdicts=tuple(one for one in memory.verdicts if one.weight != weight))


def keep(cluster: Cluster, fence: Fence, claim: Claim, verdict: RungVerdict, since: float) -> Claim:
    """Write a verdict into the holder's memory; see `Traffic.keep_verdict`."""
    first = claim.memory.targets[0].virtual_service
    doing = f"keeping the verdict of weight {verdict.weight} on VirtualService {first}"

    def plan(obj: Object) -> list[Operation]:
        seen = owned(obj, claim, frozenset({claim.phase}), doing)
        judged = 0 if seen.memory.paused_weight == verdict.weight else verdict.weight  # a pause is weight 0 meanwhile
        if seen.memory.weights[-1:] != ((since, judged),):
            detail = f"weight {verdict.weight} was judged; meanwhile somebody set weight {seen.memory.weight}."
            log.warning("verdict.not_kept", weight=verdict.weight, verdict=verdict.verdict, detail=detail)
            return []
        memory = renewed(with_verdict(seen.memory, verdict), cluster.now())
        return restamp(obj, replace(claim, memory=memory))

    now = sighting(fence.write(first, plan), claim.app)
    return now.as_claim() if now else claim
