"""Keep a claim alive: when a renewal is due, and what it verifies."""

from dataclasses import replace
from typing import Final

from steps.claim.annotations import update_annotations
from steps.claim.guarded_write import GuardedWriter, RouteCheck, require_own_claim
from steps.claim.observed import observe_claim
from steps.claim.token import is_later
from steps.cluster.api import Cluster, Object, Operation
from steps.model.run import Claim, Phase, RouteTarget, RunState

RENEW_SECONDS: Final = 60.0
"""A renewal is an API write: at most one a minute."""
_SHARE: Final = 1 / 3
"""Of a short expiry: a claim of 30 s that is renewed once a minute would be swept under a living run."""


def is_renewal_due(state: RunState, now: float) -> bool:
    """Tell whether the last renewal is a minute ago, or a third of the expiry where that is less."""
    since = now - (state.expires - state.expiry_seconds)
    return since >= min(RENEW_SECONDS, state.expiry_seconds * _SHARE)


def with_new_expiry(state: RunState, now: float) -> RunState:
    """Return the state with a whole expiry before it."""
    return replace(state, expires=round(now, 1) + state.expiry_seconds)


def renew(cluster: Cluster, writer: GuardedWriter, claim: Claim, check: RouteCheck) -> Claim:
    """Look at every VirtualService, write the anchor's state when it is due; see `Traffic.renew`."""
    first, *others = claim.state.targets

    def plan(obj: Object) -> list[Operation]:
        seen, now = _checked(obj, claim, first, check), cluster.now()
        if not is_renewal_due(seen.state, now):
            return []
        return update_annotations(obj, replace(seen, state=with_new_expiry(seen.state, now)))

    written = observe_claim(writer.write(first.virtual_service, plan), claim.app)
    for target in others:
        _checked(writer.read(target.virtual_service), claim, target, check)
    return written.as_claim() if written else claim


def _checked(obj: Object, claim: Claim, target: RouteTarget, check: RouteCheck) -> Claim:
    """Return the claim as `obj` shows it, if it and the weights are the run's; a rollback enforces weights itself."""
    doing = f"renewing the claim of run {claim.run} on VirtualService {target.virtual_service}"
    is_anchor = target is claim.state.targets[0]
    # A kill between two VirtualServices leaves the others in an earlier phase.
    phases = {claim.phase} if is_anchor else {phase for phase in Phase if not is_later(phase, claim.phase)}
    seen = require_own_claim(obj, claim, frozenset(phases), doing)
    if claim.phase is not Phase.ROLLING_BACK:
        check(obj, target, seen.state, doing)
    return seen.as_claim()
