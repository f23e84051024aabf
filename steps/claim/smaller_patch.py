"""What to send where the API server does not store a way back as a whole: the weights must not wait for our notes.

The annotations of an object have at most 256 KiB together, and others may have used them up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from steps.claim.annotations import annotations_of
from steps.claim.record import dump_record, load_record
from steps.claim.state import dump_state, load_state
from steps.claim.token import parse_token
from steps.cluster import json_patch
from steps.cluster.api import Object, Operation
from steps.model.run import CLAIM_PREFIX, RECORD_PREFIX, STATE_PREFIX, Phase, RunState

_REASON_CHARACTERS: Final = 80


def smaller_patches(obj: Object, operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Yield what of a patch may be sent in its place, the most complete first; nothing where users do not depend on it.

    A step forward is never sent in part: what it does must stand in the state.

    Args:
        obj: the VirtualService as read.
        operations: of the patch that was refused.
    """
    if not _is_way_back(obj, operations):
        return
    yield [_shortened(one, _REASON_CHARACTERS) for one in operations]
    yield [_shortened(one, 0) for one in operations]
    yield [one for one in operations if not _adds(one, STATE_PREFIX, RECORD_PREFIX)]
    yield [one for one in operations if not (one["op"] == "add" and one["path"].startswith("/metadata/"))]


def _is_way_back(obj: Object, operations: Sequence[Operation]) -> bool:
    """Return whether a claim that stands on the object rolls back, or is released."""
    present = {key: text for key, text in annotations_of(obj).items() if key.startswith(CLAIM_PREFIX)}
    written = [one["value"] for one in operations if _adds(one, CLAIM_PREFIX)]
    removed = {json_patch.pointer("metadata", "annotations", key) for key in present}
    if any(one["op"] == "remove" and one["path"] in removed for one in operations):
        return True
    tested = [one["value"] for one in operations if one["op"] == "test" and one["value"] in present.values()]
    return bool(present) and any(map(_rolls_back, written or tested))


def _rolls_back(token: str) -> bool:
    try:
        return parse_token(token).phase is Phase.ROLLING_BACK
    except ValueError:
        return False


def _adds(operation: Operation, *prefixes: str) -> bool:
    starts = tuple(json_patch.pointer("metadata", "annotations", prefix) for prefix in prefixes)
    return operation["op"] == "add" and str(operation["path"]).startswith(starts)


def _shortened(operation: Operation, characters: int) -> Operation:
    """Return the operation with the state or record that a rollback and an undo need, and so much of the reason."""
    if _adds(operation, STATE_PREFIX):
        return {**operation, "value": _short_state(operation["value"], characters)}
    if _adds(operation, RECORD_PREFIX):
        return {**operation, "value": _short_record(operation["value"], characters)}
    return operation


def _short_state(text: str, characters: int) -> str:
    app, state = load_state(text)
    kept = RunState(
        state.started,
        state.expires,
        state.targets,
        state.stable,
        state.canary,
        weights=state.weights[-1:],
        workloads=state.workloads,
        pin=replace(state.pin, digests={}) if state.pin else None,
        reason=state.reason[:characters],
        expiry_seconds=state.expiry_seconds,
        bake_since=state.bake_since,
        undoes=state.undoes,
        verdicts=state.verdicts[-1:],
    )
    return dump_state(app, kept)


def _short_record(text: str, characters: int) -> str:
    record = load_record(text)
    return dump_record(replace(record, reason=record.reason[:characters], weights=(), images={}))
