"""The start of a run whose canary has users at rest: return them first, or take their weight over."""

from dataclasses import replace

import structlog

from steps.actions.teardown import TeardownPolicy, let_requests_end
from steps.claim.acquire import ClaimRequest
from steps.errors import NotOwnerError
from steps.model.run import Claim, Phase
from steps.traffic.at_rest import AtRest, adopted_weight
from steps.traffic.traffic import Traffic

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def note_users(request: ClaimRequest, traffic: Traffic) -> ClaimRequest:
    """Return the request with weight 0 to begin with, if the canary has users now, before the checks of a start.

    Somebody may return these users before the claim is taken. The canary is drained then, too.
    """
    has_users = any(traffic.weights(request.targets, request.stable, request.canary).values())
    return replace(request, first_weight=0) if has_users else request


def with_first_weight(request: ClaimRequest, at_rest: AtRest, traffic: Traffic) -> ClaimRequest:
    """Return the request with the weight that its claim begins with; unchanged where the canary has no users.

    A claim that the run holds already says itself what it began with.

    Raises:
        PermanentError: the weights cannot be adopted.
    """
    if at_rest == "refuse" or _is_held(request, traffic):
        return request
    weights = traffic.weights(request.targets, request.stable, request.canary)
    if at_rest == "reset":
        before = max(weights.values(), default=0)
        if before:
            log.info("rest.reset", weight=0, previous_weight=before, detail="all users return to stable first")
        return replace(request, first_weight=0) if before else request
    weight = adopted_weight(weights, request.ladder, f"adopting the weight at rest for run {request.run}")
    if weight:
        log.info("rest.adopted", weight=weight, detail="the canary keeps its users; rungs below this are skipped")
    return replace(request, first_weight=weight) if weight else request


def drain_reset(claim: Claim, teardown: TeardownPolicy, traffic: Traffic) -> None:
    """Wait, after users were returned to stable at the start, until no request is at the canary any more.

    Only then may its pods change. A repeated prepare waits for what is left of that time.

    Raises:
        NotOwnerError: somebody took the claim over in the meantime.
    """
    state = claim.state
    if claim.phase is Phase.PREPARED and state.weights and not state.weight:
        since = traffic.claims.now() - state.weights[-1][0]
        let_requests_end(claim, teardown.drain_seconds - since, teardown, traffic.claims)


def _is_held(request: ClaimRequest, traffic: Traffic) -> bool:
    try:
        traffic.claims.held(request.app, request.run, [target.virtual_service for target in request.targets])
    except NotOwnerError:
        return False
    return True
