"""Release a claim: only the record stays."""

import structlog

from steps.claim.annotations import annotations_of, remove_annotations
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import record_key
from steps.claim.observed import not_owner, observe_claim
from steps.claim.record import dump_record, load_record, with_promotion
from steps.cluster.api import Object, Operation
from steps.errors import NotFound
from steps.model.run import Claim, Record

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def release(writer: GuardedWriter, claim: Claim, record: Record) -> None:
    """Clean the anchor last: until then the claim can be found and released again; see `Claims.release`."""
    anchor, *others = claim.state.targets
    doing = f"releasing the claim of run {claim.run} on VirtualService {anchor.virtual_service}"

    def leave(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, claim.app)
        return remove_annotations(obj, claim.app) if seen is not None and seen.is_part_of(claim) else []

    def leave_record(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, claim.app)
        if seen is None and _is_recorded(obj, claim):
            return []
        if seen is None or not seen.token.is_of(claim):
            raise not_owner(doing, seen)
        kept = with_promotion(record, last_record(obj, claim.app))
        return remove_annotations(obj, claim.app, {record_key(claim.app): dump_record(kept)})

    for target in reversed(others):
        try:
            writer.write(target.virtual_service, leave)
        except NotFound as error:
            log.warning("release.skipped", virtual_service=str(target.virtual_service), cause=error.cause)
    writer.write(anchor.virtual_service, leave_record)


def last_record(obj: Object, app: str) -> Record | None:
    """Return the record of the app's last run, None if there is none that can be read."""
    try:
        return load_record(annotations_of(obj)[record_key(app)])
    except (KeyError, ValueError):
        return None


def _is_recorded(obj: Object, claim: Claim) -> bool:
    record = last_record(obj, claim.app)
    return record is not None and (record.run, record.epoch) == (claim.run, claim.epoch)
