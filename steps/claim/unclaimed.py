"""VirtualServices that a `prepare` died before: how its late write is kept from claiming them after the run ended.

`prepare` claims one VirtualService after the other. If it hangs between two of them until somebody else ended its run,
its next request would claim a VirtualService for a run that no longer exists. Two things prevent this: the process that
ends the run writes each VirtualService that it finds unclaimed, so that a patch which was decided before is refused;
and `prepare` reads the first VirtualService again before it decides on another one. A rollback of the same run writes
its phase there before it writes anything else, so that counts as an end as well.

A VirtualService in another namespace than the first one's is never written by who ends a run: the annotation that names
it may be a stranger's, and a sweep may write everywhere. There, `prepare` and `undo` look at the first VirtualService
once more after they have claimed it, and give it back if their run has ended. If they die just then, the claim there
expires, and sweep removes it.
"""

from collections.abc import Container
from dataclasses import replace

from steps.claim.annotations import edit_annotations, expect_unchanged
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import record_key
from steps.claim.last_record import last_record
from steps.claim.observed import name_of, not_owner, observe_claim
from steps.claim.record import dump_record, with_promotion
from steps.cluster.api import Object, Operation
from steps.model.run import Claim, ObjectName, Phase, Record


def close_unclaimed(obj: Object, claim: Claim, record: Record) -> list[Operation]:
    """Return operations that keep a late `prepare` from claiming an unclaimed object: the record of the run's end.

    Args:
        obj: a VirtualService of the claim other than the first one, without a claim of the app.
        claim: as the process that ends the run holds it.
        record: of the run's end.

    Returns:
        No operations if `prepare` had claimed everything: then a person removed the token, and the object is theirs.
        None in another namespace either.
    """
    # A rollback forgets the Deployments that it may not touch, but not what was pinned after all was claimed.
    was_claimed = claim.state.workloads is not None or claim.state.pin is not None
    if was_claimed or not is_at_home(name_of(obj), claim) or observe_claim(obj, claim.app) is not None:
        return []
    # Reports are about the VirtualService whose record ended last, which must stay the first one.
    ended = replace(record, ended=record.started)
    kept = dump_record(with_promotion(ended, last_record(obj, claim.app)))
    edits = edit_annotations(obj, {record_key(claim.app): kept})
    return [*expect_unchanged(obj), *edits] if edits else []


def is_at_home(name: ObjectName, claim: Claim) -> bool:
    """Return whether a VirtualService is in the namespace of the claim's first one."""
    return name.namespace == claim.state.targets[0].virtual_service.namespace


def require_first(writer: GuardedWriter, claim: Claim, phases: Container[Phase], doing: str) -> None:
    """Check that the first VirtualService still carries the claim; to be called after another one was read.

    Args:
        writer: of VirtualServices.
        claim: of the caller.
        phases: in which the claim may still grow.
        doing: the action in the error.

    Raises:
        NotOwnerError: it does not, or in another phase: the run was ended or taken over, or its rollback began.
    """
    first = observe_claim(writer.read(claim.state.targets[0].virtual_service), claim.app)
    if first is None or not first.token.is_of(claim) or first.token.phase not in phases:
        raise not_owner(doing, first)
