"""All weight back to stable at once, in every VirtualService that still is the run's."""

from dataclasses import replace

import structlog

from steps.cluster.api import Cluster, Object, Operation
from steps.errors import ForeignWrite, Interrupted, NotOwnerError, StepError
from steps.model.run import Claim, Phase, RouteTarget
from steps.model.rungs import RungVerdict
from steps.traffic import patches
from steps.traffic.expected import arms_in
from steps.traffic.fence import Fence, owned
from steps.traffic.renewal import is_due, renewed
from steps.traffic.routes import locate_all, stranded
from steps.traffic.sightings import sighting
from steps.traffic.stamping import restamp
from steps.traffic.verdicts import with_verdict
from steps.traffic.weighing import fenced, with_weight

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_ANY = frozenset({Phase.PREPARED, Phase.WALKING, Phase.PROMOTING, Phase.ROLLING_BACK})


def retreat(cluster: Cluster, fence: Fence, claim: Claim, reason: str, verdict: RungVerdict | None) -> Claim:
    """Bring users back first, complain after; see `Traffic.retreat`."""
    problems: list[StepError] = []
    for target in claim.memory.targets:
        is_holder = target is claim.memory.targets[0]
        try:
            claim = _retreat_one(cluster, fence, claim, target, reason, verdict, is_holder=is_holder)
        except NotOwnerError as error:
            if is_holder:
                raise
            log.warning("retreat.skipped", virtual_service=str(target.virtual_service), cause=error.cause)
        except Interrupted:
            raise
        except StepError as error:
            problems.append(error)
    if problems:
        raise problems[0]
    return claim


def _retreat_one(
    cluster: Cluster,
    fence: Fence,
    claim: Claim,
    target: RouteTarget,
    reason: str,
    verdict: RungVerdict | None,
    *,
    is_holder: bool,
) -> Claim:
    doing = f"retreating on VirtualService {target.virtual_service}"
    lost: list[str] = []

    def plan(obj: Object) -> list[Operation]:
        seen = owned(obj, claim, _ANY, doing)
        arms = arms_in(seen.memory, target)
        lost[:] = stranded(obj, target.routes, arms)
        routes = locate_all(obj, target.routes, arms)
        edits = [entry for route in routes for entry in patches.weigh(route, 0, lenient=True)]
        memory = with_weight(seen.memory, 0, cluster.now())
        memory = replace(memory, reason=memory.reason or reason, paused_weight=0)
        memory = with_verdict(memory, verdict) if verdict else memory
        if edits or memory != seen.memory or is_due(memory, cluster.now()):
            memory = renewed(memory, cluster.now())
        wanted = replace(claim, phase=Phase.ROLLING_BACK, memory=memory)
        return [*fenced(obj, claim.app, edits), *restamp(obj, wanted)]

    now = sighting(fence.write(target.virtual_service, plan), claim.app)
    if lost:
        cause = (
            f"route {', '.join(lost)} leads to the canary alone since somebody removed stable,"
            f" which no weight can mend: put {claim.memory.stable} back into its route list."
        )
        raise ForeignWrite(doing, cause)
    return now.as_claim() if now and is_holder else claim
