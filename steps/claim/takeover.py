"""Take a claim over under a new epoch, so that its old owner can no longer write anything."""

from dataclasses import replace
from typing import Final

from steps.claim.annotations import write_annotations
from steps.claim.errors import ClaimHeld
from steps.claim.expiry import is_expired
from steps.claim.guarded_write import GuardedWriter
from steps.claim.observed import not_owner, observe_claim
from steps.cluster.api import Object, Operation
from steps.errors import NotFound
from steps.model.run import Claim, Phase

REPAIR_SECONDS: Final = 120.0
"""How long the claim of a recovery outlives its last renewal. If the recovery dies, users may still be on the canary of
a dead run, so the next sweep must not wait as long as after a release."""


def take_over(
    writer: GuardedWriter, victim: Claim, run: str, reason: str, *, supersede: bool, undoes: str = ""
) -> Claim:
    """Write the anchor first, then the others that still carry the victim's token; see `Claims.take_over`."""
    anchor = victim.state.targets[0].virtual_service
    doing = f"taking over the claim of run {victim.run} on VirtualService {anchor}"
    epoch = victim.epoch + 1

    def plan(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, victim.app)
        if seen is not None and (seen.token.run, seen.token.epoch) == (run, epoch):
            return []
        if seen is None or not seen.token.is_of(victim):
            raise not_owner(doing, seen)
        if not supersede and not is_expired(seen.state, writer.cluster.now()):
            raise ClaimHeld(doing, seen.as_claim(), writer.cluster.now())
        expiry = min(seen.state.expiry_seconds, REPAIR_SECONDS)
        state = replace(
            seen.state,
            # The copy on a VirtualService without its anchor still lists those that no longer belong to it.
            targets=victim.state.targets,
            expires=round(writer.cluster.now(), 1) + expiry,
            expiry_seconds=expiry,
            reason=seen.state.reason or reason,
            undoes=seen.state.undoes or undoes,
            rescued=seen.state.rescued or ("" if supersede else victim.run),
        )
        return write_annotations(obj, Claim(victim.app, run, epoch, Phase.ROLLING_BACK, state))

    first = observe_claim(writer.write(anchor, plan), victim.app)
    if first is None:
        raise not_owner(doing, None)
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
