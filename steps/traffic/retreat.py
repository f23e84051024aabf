"""Return all weight to stable at once, in every VirtualService that still belongs to the run."""

from dataclasses import replace

import structlog

from steps.claim.amend import Edit, amend
from steps.claim.guarded_write import GuardedWriter
from steps.claim.observed import ObservedClaim
from steps.claim.verdicts import with_verdict
from steps.cluster.api import Object
from steps.errors import ForeignWrite, Interrupted, NotOwnerError, StepError
from steps.model.run import Claim, Phase, RouteTarget
from steps.model.rungs import RungVerdict
from steps.traffic.drift import arm_destinations
from steps.traffic.routes import locate_all, stranded, weigh
from steps.traffic.weights import with_weight

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_ANY = frozenset({Phase.PREPARED, Phase.WALKING, Phase.PROMOTING, Phase.ROLLING_BACK})


def retreat(writer: GuardedWriter, claim: Claim, reason: str, verdict: RungVerdict | None) -> Claim:
    """Return the users first, raise errors afterwards; see `Traffic.retreat`."""
    problems: list[StepError] = []
    for target in claim.state.targets:
        is_anchor = target is claim.state.targets[0]
        try:
            seen = _retreat_one(writer, claim, target, reason, verdict)
            claim = seen if is_anchor else claim
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
    writer: GuardedWriter, claim: Claim, target: RouteTarget, reason: str, verdict: RungVerdict | None
) -> Claim:
    doing = f"retreating on VirtualService {target.virtual_service}"
    lost: list[str] = []

    def decide(obj: Object, seen: ObservedClaim) -> Edit:
        arms = arm_destinations(seen.state, target)
        lost[:] = stranded(obj, target.routes, arms)
        edits = [entry for route in locate_all(obj, target.routes, arms) for entry in weigh(route, 0, lenient=True)]
        state = with_weight(seen.state, 0, writer.cluster.now())
        state = replace(state, reason=state.reason or reason, paused_weight=0)
        return Edit(with_verdict(state, verdict) if verdict else state, Phase.ROLLING_BACK, edits)

    after = amend(writer, claim, target, _ANY, doing, decide)
    if lost:
        cause = (
            f"route {', '.join(lost)} leads only to the canary because somebody removed stable,"
            f" which no weight can fix: put {claim.state.stable} back into its route list."
        )
        raise ForeignWrite(doing, cause)
    return after
