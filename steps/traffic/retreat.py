"""All weight back to stable at once, in every VirtualService that still is the run's."""

from dataclasses import replace

import structlog

from steps.claim.annotations import update_annotations
from steps.claim.guarded_write import GuardedWriter, require_own_claim
from steps.claim.observed import observe_claim
from steps.claim.renewal import is_renewal_due, with_new_expiry
from steps.claim.verdicts import with_verdict
from steps.cluster.api import Cluster, Object, Operation
from steps.errors import ForeignWrite, Interrupted, NotOwnerError, StepError
from steps.model.run import Claim, Phase, RouteTarget
from steps.model.rungs import RungVerdict
from steps.traffic.drift import arm_destinations
from steps.traffic.routes import locate_all, stranded, weigh
from steps.traffic.weights import with_test, with_weight

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_ANY = frozenset({Phase.PREPARED, Phase.WALKING, Phase.PROMOTING, Phase.ROLLING_BACK})


def retreat(cluster: Cluster, writer: GuardedWriter, claim: Claim, reason: str, verdict: RungVerdict | None) -> Claim:
    """Bring users back first, complain after; see `Traffic.retreat`."""
    problems: list[StepError] = []
    for target in claim.state.targets:
        is_anchor = target is claim.state.targets[0]
        try:
            claim = _retreat_one(cluster, writer, claim, target, reason, verdict, is_anchor=is_anchor)
        except NotOwnerError as error:
            if is_anchor:
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
    writer: GuardedWriter,
    claim: Claim,
    target: RouteTarget,
    reason: str,
    verdict: RungVerdict | None,
    *,
    is_anchor: bool,
) -> Claim:
    doing = f"retreating on VirtualService {target.virtual_service}"
    lost: list[str] = []

    def plan(obj: Object) -> list[Operation]:
        seen = require_own_claim(obj, claim, _ANY, doing)
        arms = arm_destinations(seen.state, target)
        lost[:] = stranded(obj, target.routes, arms)
        routes = locate_all(obj, target.routes, arms)
        edits = [entry for route in routes for entry in weigh(route, 0, lenient=True)]
        state = with_weight(seen.state, 0, cluster.now())
        state = replace(state, reason=state.reason or reason, paused_weight=0)
        state = with_verdict(state, verdict) if verdict else state
        if edits or state != seen.state or is_renewal_due(state, cluster.now()):
            state = with_new_expiry(state, cluster.now())
        wanted = replace(claim, phase=Phase.ROLLING_BACK, state=state)
        return [*with_test(obj, claim.app, edits), *update_annotations(obj, wanted)]

    now = observe_claim(writer.write(target.virtual_service, plan), claim.app)
    if lost:
        cause = (
            f"route {', '.join(lost)} leads to the canary alone since somebody removed stable,"
            f" which no weight can mend: put {claim.state.stable} back into its route list."
        )
        raise ForeignWrite(doing, cause)
    return now.as_claim() if now and is_anchor else claim
