"""Move a claim to its next phase, change its state, approve it."""

from dataclasses import replace

from steps.claim.amend import Edit, amend, phases_until, require_own_claim
from steps.claim.annotations import edit_annotations, expect_token
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import approval_key
from steps.claim.observed import ObservedClaim
from steps.claim.state import StateChanges
from steps.claim.token import is_later
from steps.cluster.api import Object, Operation
from steps.errors import NotOwnerError
from steps.model.run import Claim, Phase


def move(writer: GuardedWriter, claim: Claim, phase: Phase, changes: StateChanges) -> Claim:
    """Set the phase on the anchor, which decides, then on the others; see `Claims.move`.

    A way back goes on without those others that people have taken the claim off.
    """
    if phase is not claim.phase and not is_later(phase, claim.phase):
        raise ValueError(f"a run never goes back from {claim.phase} to {phase}")
    anchor, *others = claim.state.targets
    doing = f"moving run {claim.run} to phase {phase} on VirtualService {anchor.virtual_service}"

    def decide(_: Object, seen: ObservedClaim) -> Edit:
        return Edit(replace(seen.state, **changes), phase)

    def follow(_: Object, seen: ObservedClaim) -> Edit:
        return Edit(seen.state, moved.phase)

    moved = amend(writer, claim, anchor, frozenset({claim.phase, phase}), doing, decide)
    for target in others:
        try:
            amend(writer, moved, target, phases_until(phase), doing, follow)
        except NotOwnerError:
            if phase is not Phase.ROLLING_BACK:
                raise
    return moved


def approve(writer: GuardedWriter, claim: Claim) -> None:
    """Name the run in the approval annotation of the anchor; see `Claims.approve`."""
    anchor = claim.state.targets[0].virtual_service
    doing = f"approving run {claim.run} on VirtualService {anchor}"

    def decide(obj: Object) -> list[Operation]:
        require_own_claim(obj, claim, frozenset({claim.phase}), doing)
        edits = edit_annotations(obj, {approval_key(claim.app): claim.run})
        return [*expect_token(obj, claim.app), *edits] if edits else []

    writer.write(anchor, decide)
