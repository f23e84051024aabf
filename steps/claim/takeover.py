"""Take a claim over under a new epoch, so that its old owner can no longer write anything."""

from dataclasses import replace
from typing import Final

from steps.claim.errors import Busy
from steps.claim.guarded_write import Fence
from steps.claim.observed import sighting
from steps.cluster.api import Cluster, Object, Operation
from steps.errors import NotFound, NotOwnerError
from steps.model.run import Claim, Phase
from steps.traffic.stamping import stamp

REPAIR_SECONDS: Final = 120.0
"""How long a repair's claim outlives its last renewal: it starts no pods, and if it dies users may still be on a dead
run's canary, so the next sweep must not wait as long as for a release."""


def take_over(cluster: Cluster, fence: Fence, victim: Claim, run: str, reason: str, *, supersede: bool) -> Claim:
    """Stamp the holder first, then the others that still carry the victim's token; see `Traffic.take_over`."""
    holder = victim.memory.targets[0].virtual_service
    doing = f"taking over the claim of run {victim.run} on VirtualService {holder}"
    epoch = victim.epoch + 1

    def plan(obj: Object) -> list[Operation]:
        seen = sighting(obj, victim.app)
        if seen is not None and (seen.stamp.run, seen.stamp.epoch) == (run, epoch):
            return []
        if seen is None or not seen.stamp.is_of(victim):
            raise NotOwnerError(doing, f"{f'run {seen.stamp.run}' if seen else 'nobody'} owns it now.")
        if not supersede and seen.memory.expires >= cluster.now():
            raise Busy(doing, seen.as_claim(), cluster.now())
        expiry = min(seen.memory.expiry_seconds, REPAIR_SECONDS)
        memory = replace(
            seen.memory,
            # An orphan's copy still lists VirtualServices that no longer belong to it.
            targets=victim.memory.targets,
            expires=round(cluster.now(), 1) + expiry,
            expiry_seconds=expiry,
            reason=seen.memory.reason or reason,
        )
        return stamp(obj, Claim(victim.app, run, epoch, Phase.ROLLING_BACK, memory))

    first = sighting(fence.write(holder, plan), victim.app)
    if first is None:
        raise NotOwnerError(doing, "nobody owns it now.")
    claim = first.as_claim()

    def follow(obj: Object) -> list[Operation]:
        seen = sighting(obj, victim.app)
        stale = seen is not None and seen.is_part_of(claim) and not seen.stamp.is_of(claim)
        return stamp(obj, claim) if stale else []

    for target in claim.memory.targets[1:]:
        try:
            fence.write(target.virtual_service, follow)
        except NotFound:
            continue
    return claim
