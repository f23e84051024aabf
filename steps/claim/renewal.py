"""Keep a claim alive, and verify that token and routes are still the run's."""

from dataclasses import replace

from steps.claim.amend import Edit, RouteCheck, amend, phases_until, require_own_claim
from steps.claim.expiry import is_renewal_due
from steps.claim.guarded_write import GuardedWriter
from steps.claim.observed import ObservedClaim
from steps.cluster.api import Object
from steps.model.looks import LastLook
from steps.model.run import Claim, Phase, RouteTarget


def renew(writer: GuardedWriter, claim: Claim, check: RouteCheck, look: LastLook | None = None) -> Claim:
    """Look at every VirtualService, write the anchor's state when it is due; see `Claims.renew`."""
    anchor, *others = claim.state.targets

    def decide(obj: Object, seen: ObservedClaim) -> Edit | None:
        _check_routes(obj, claim, anchor, seen, check)
        # Another version of the image may write the same state in another form: that alone is not worth a write.
        is_due = is_renewal_due(seen.state, writer.cluster.now()) or _begins_to_wait(seen.state.look, look)
        state = replace(seen.state, look=look) if look is not None else seen.state
        return Edit(state, seen.token.phase) if is_due else None

    renewed = amend(writer, claim, anchor, frozenset({claim.phase}), _doing(claim, anchor), decide)
    for target in others:
        obj = writer.read(target.virtual_service)
        seen = require_own_claim(obj, claim, phases_until(claim.phase), _doing(claim, target))
        _check_routes(obj, claim, target, seen, check)
    return renewed


def _check_routes(obj: Object, claim: Claim, target: RouteTarget, seen: ObservedClaim, check: RouteCheck) -> None:
    """Let `check` look at the routes, but for a rollback, which enforces weights itself."""
    if claim.phase is not Phase.ROLLING_BACK:
        check(obj, target, seen.state, _doing(claim, target))


def _begins_to_wait(before: LastLook | None, now: LastLook | None) -> bool:
    """Return whether a gate began to wait for a person, which people should see before the next renewal."""
    return now is not None and now.waiting_since > (before.waiting_since if before else 0.0)


def _doing(claim: Claim, target: RouteTarget) -> str:
    return f"renewing the claim of run {claim.run} on VirtualService {target.virtual_service}"
