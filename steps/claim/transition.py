"""Move a claim to its next phase, change its state, approve it."""

from dataclasses import replace
from typing import Any

from steps.claim.annotations import edit_annotations, expect_token, update_annotations
from steps.claim.guarded_write import GuardedWriter, require_own_claim
from steps.claim.keys import approval_key
from steps.claim.observed import observe_claim
from steps.claim.renewal import is_renewal_due, with_new_expiry
from steps.claim.token import is_later
from steps.cluster.api import Cluster, Object, Operation
from steps.model.run import Claim, Phase


def move(cluster: Cluster, writer: GuardedWriter, claim: Claim, phase: Phase, changes: dict[str, Any]) -> Claim:
    """Set the phase on the anchor, which decides, then on the others; see `Traffic.move`."""
    if phase is not claim.phase and not is_later(phase, claim.phase):
        raise ValueError(f"a run never goes back from {claim.phase} to {phase}")
    first = claim.state.targets[0].virtual_service
    doing = f"moving run {claim.run} to phase {phase} on VirtualService {first}"

    def plan(obj: Object) -> list[Operation]:
        seen = require_own_claim(obj, claim, frozenset({claim.phase, phase}), doing)
        state = replace(seen.state, **changes)
        if state != seen.state or seen.token.phase is not phase or is_renewal_due(state, cluster.now()):
            state = with_new_expiry(state, cluster.now())
        return update_annotations(obj, replace(claim, phase=phase, state=state))

    now = observe_claim(writer.write(first, plan), claim.app)
    claim = now.as_claim() if now else claim
    phases = frozenset(earlier for earlier in Phase if not is_later(earlier, phase))
    for target in claim.state.targets[1:]:

        def follow(obj: Object) -> list[Operation]:
            return update_annotations(obj, replace(claim, state=require_own_claim(obj, claim, phases, doing).state))

        writer.write(target.virtual_service, follow)
    return claim


def approve(writer: GuardedWriter, claim: Claim) -> None:
    """Name the run in the approval annotation of the anchor; see `Traffic.approve`."""
    first = claim.state.targets[0].virtual_service
    doing = f"approving run {claim.run} on VirtualService {first}"

    def plan(obj: Object) -> list[Operation]:
        require_own_claim(obj, claim, frozenset({claim.phase}), doing)
        edits = edit_annotations(obj, {approval_key(claim.app): claim.run})
        return [*expect_token(obj, claim.app), *edits] if edits else []

    writer.write(first, plan)
