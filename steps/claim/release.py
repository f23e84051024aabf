"""Give a claim back: nothing of ours stays but the record."""

import structlog

from steps.claim.annotations import annotations
from steps.claim.guarded_write import Fence
from steps.claim.keys import record_key
from steps.claim.observed import sighting
from steps.claim.record import dump, load
from steps.cluster.api import Object, Operation
from steps.errors import NotFound, NotOwnerError
from steps.model.run import Claim, Record
from steps.traffic.stamping import unstamp

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def release(fence: Fence, claim: Claim, record: Record) -> None:
    """Clean the others first: until the holder is clean, the claim can be found and released; see `Traffic.release`."""
    holder, *others = claim.memory.targets
    doing = f"releasing the claim of run {claim.run} on VirtualService {holder.virtual_service}"
    text = dump(record)

    def leave(obj: Object) -> list[Operation]:
        seen = sighting(obj, claim.app)
        return unstamp(obj, claim.app) if seen is not None and seen.is_part_of(claim) else []

    def leave_record(obj: Object) -> list[Operation]:
        seen = sighting(obj, claim.app)
        if seen is None and _is_recorded(obj, claim):
            return []
        if seen is None or not seen.stamp.is_of(claim):
            raise NotOwnerError(doing, f"{f'run {seen.stamp.run}' if seen else 'nobody'} owns it now.")
        return unstamp(obj, claim.app, {record_key(claim.app): text})

    for target in reversed(others):
        try:
            fence.write(target.virtual_service, leave)
        except NotFound as error:
            log.warning("release.skipped", virtual_service=str(target.virtual_service), cause=error.cause)
    fence.write(holder.virtual_service, leave_record)


def last_record(obj: Object, app: str) -> Record | None:
    """Return the record of the app's last run, None where there is none that can be read."""
    try:
        return load(annotations(obj)[record_key(app)])
    except (KeyError, ValueError):
        return None


def _is_recorded(obj: Object, claim: Claim) -> bool:
    record = last_record(obj, claim.app)
    return record is not None and (record.run, record.epoch) == (claim.run, claim.epoch)
