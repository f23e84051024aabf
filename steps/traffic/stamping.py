"""Put a claim's annotations and label on a VirtualService, and take them off again."""

from collections.abc import Mapping

from steps.claim import annotations
from steps.claim import state as memories
from steps.claim.keys import approval_key, claim_key, memory_key
from steps.cluster.api import Object, Operation
from steps.model.run import Claim


def stamp(obj: Object, claim: Claim) -> list[Operation]:
    """Return the operations that make the object the claim's, if nobody wrote it since it was read."""
    values = {claim_key(claim.app): claim.token, memory_key(claim.app): memories.dump(claim.app, claim.memory)}
    return [*annotations.unchanged(obj), *annotations.annotate(obj, values), *annotations.mark(obj)]


def restamp(obj: Object, claim: Claim) -> list[Operation]:
    """Return the operations that bring token and memory up to date, if both are as they were read; [] if they are."""
    keys = (claim_key(claim.app), memory_key(claim.app))
    values = (claim.token, memories.dump(claim.app, claim.memory))
    edits = annotations.annotate(obj, dict(zip(keys, values, strict=True)))
    return [*annotations.same_annotations(obj, keys), *edits] if edits else []


def unstamp(obj: Object, app: str, changes: Mapping[str, str | None] | None = None) -> list[Operation]:
    """Return the operations that remove everything of a claim, if nobody wrote the object since it was read.

    Args:
        obj: as read.
        app: the claim's.
        changes: further annotations to set in the same patch.
    """
    gone: dict[str, str | None] = {claim_key(app): None, memory_key(app): None, approval_key(app): None}
    edits = [*annotations.annotate(obj, {**gone, **(changes or {})}), *annotations.unmark(obj, claim_key(app))]
    return [*annotations.unchanged(obj), *edits, *annotations.disown(obj)]
