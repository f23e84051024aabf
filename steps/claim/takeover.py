"""Take a claim over under a new epoch, so that its old owner can no longer write anything."""

from dataclasses import replace
from typing import Final

from steps.claim.annotations import write_annotations
from steps.claim.errors import ClaimHeld
from steps.claim.guarded_write import GuardedWriter
from steps.claim.observed import observe_claim
from steps.cluster.api import Cluster, Object, Operation
from steps.errors import NotFound, NotOwnerError
from steps.model.run import Claim, Phase

REPAIR_SECONDS: Final = 120.0
"""How long a repair's claim outlives its last renewal: it starts no pods, and if it dies users may still be on a dead
run's canary, so the next sweep must not wait as long as for a release."""


def take_over(
    cluster: Cluster, writer: GuardedWriter, victim: Claim, run: str, reason: str, *, supersede: bool
) -> Claim:
    """Stamp the anchor first, then the others that still carry the victim's token; see `Traffic.take_over`."""
    anchor = victim.state.targets[0].virtual_service
    doing = f"taking over the claim of run {victim.run} on VirtualService {anchor}"
    epoch = victim.epoch + 1

    def plan(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, victim.app)
        if seen is not None and (seen.token.run, seen.token.epoch) == (run, epoch):
            return []
        if seen is None or not seen.token.is_of(victim):
            raise NotOwnerError(doing, f"{f'run {seen.token.run}' if seen else 'nobody'} owns it now.")
        if not supersede and seen.state.expires >= cluster.now():
            raise ClaimHeld(doing, seen.as_claim(), cluster.now())
        expiry = min(seen.state.expiry_seconds, REPAIR_SECONDS)
        state = replace(
            seen.state,
            # An orphan's copy still lists VirtualServices that no longer belong to it.
            targets=victim.state.targets,
            expires=round(cluster.now(), 1) + expiry,
            expiry_seconds=expiry,
            reason=seen.state.reason or reason,
        )
        return write_annotations(obj, Claim(victim.app, run, epoch, Phase.ROLLING_BACK, state))

    first = observe_claim(writer.write(anchor, plan), victim.app)
    if first is None:
        raise NotOwnerError(doing, "nobody owns it now.")
    claim = first.as_claim()

    def follow(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, victim.app)
        stale = seen is not None and seen.is_part_of(claim) and not seen.token.is_of(claim)
        return write_annotations(obj, claim) if stale else []

    for target in claim.state.targets[1:]:
        try:
            writer.write(target.virtual_service, follow)
        except NotFound:
            continue
    return claim
