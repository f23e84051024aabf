"""Keep a claim: move its phase, renew its expiry, remember more."""

from dataclasses import replace
from typing import Any

from steps.cluster.api import Cluster, Object, Operation
from steps.model.run import Claim, Phase, RouteTarget
from steps.traffic import patches
from steps.traffic.expected import own_routes
from steps.traffic.fence import Fence, owned
from steps.traffic.keys import approval_key
from steps.traffic.renewal import is_due, renewed
from steps.traffic.sightings import sighting
from steps.traffic.stamp import is_later
from steps.traffic.stamping import restamp


def move(cluster: Cluster, fence: Fence, claim: Claim, phase: Phase, changes: dict[str, Any]) -> Claim:
    """Set the phase on the holder, which decides, then on the others; see `Traffic.move`."""
    if phase is not claim.phase and not is_later(phase, claim.phase):
        raise ValueError(f"a run never goes back from {claim.phase} to {phase}")
    first = claim.memory.targets[0].virtual_service
    doing = f"moving run {claim.run} to phase {phase} on VirtualService {first}"

    def plan(obj: Object) -> list[Operation]:
        seen = owned(obj, claim, frozenset({claim.phase, phase}), doing)
        memory = replace(seen.memory, **changes)
        if memory != seen.memory or seen.stamp.phase is not phase or is_due(memory, cluster.now()):
            memory = renewed(memory, cluster.now())
        return restamp(obj, replace(claim, phase=phase, memory=memory))

    now = sighting(fence.write(first, plan), claim.app)
    claim = now.as_claim() if now else claim
    phases = frozenset(earlier for earlier in Phase if not is_later(earlier, phase))
    for target in claim.memory.targets[1:]:

        def follow(obj: Object) -> list[Operation]:
            return restamp(obj, replace(claim, memory=owned(obj, claim, phases, doing).memory))

        fence.write(target.virtual_service, follow)
    return claim


def approve(fence: Fence, claim: Claim) -> None:
    """Name the run in the approval annotation of the holder; see `Traffic.approve`."""
    first = claim.memory.targets[0].virtual_service
    doing = f"approving run {claim.run} on VirtualService {first}"

    def plan(obj: Object) -> list[Operation]:
        owned(obj, claim, frozenset({claim.phase}), doing)
        edits = patches.annotate(obj, {approval_key(claim.app): claim.run})
        return [*patches.same_token(obj, claim.app), *edits] if edits else []

    fence.write(first, plan)


def renew(cluster: Cluster, fence: Fence, claim: Claim) -> Claim:
    """Look at every VirtualService, write the holder's memory when it is due; see `Traffic.renew`."""
    first, *others = claim.memory.targets

    def plan(obj: Object) -> list[Operation]:
        seen, now = _checked(obj, claim, first), cluster.now()
        return restamp(obj, replace(seen, memory=renewed(seen.memory, now))) if is_due(seen.memory, now) else []

    written = sighting(fence.write(first.virtual_service, plan), claim.app)
    for target in others:
        _checked(fence.read(target.virtual_service), claim, target)
    return written.as_claim() if written else claim


def _checked(obj: Object, claim: Claim, target: RouteTarget) -> Claim:
    """Return the claim as `obj` shows it, if it and the weights are the run's; a rollback enforces weights itself."""
    doing = f"renewing the claim of run {claim.run} on VirtualService {target.virtual_service}"
    is_holder = target is claim.memory.targets[0]
    # A kill between two VirtualServices leaves the others in an earlier phase.
    phases = {claim.phase} if is_holder else {phase for phase in Phase if not is_later(phase, claim.phase)}
    seen = owned(obj, claim, frozenset(phases), doing)
    if claim.phase is not Phase.ROLLING_BACK:
        own_routes(obj, seen, target, doing)
    return seen.as_claim()
