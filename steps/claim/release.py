"""Release a claim: only the record stays."""

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from steps.claim.annotations import remove_annotations
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import record_key
from steps.claim.last_record import last_record
from steps.claim.observed import not_owner, observe_claim
from steps.claim.record import dump_record, with_promotion
from steps.claim.unclaimed import close_unclaimed
from steps.cluster.api import Object, Operation
from steps.errors import NotFound
from steps.model.run import Claim, Record, RouteTarget

log: structlog.stdlib.BoundLogger = structlog.get_logger()


RouteEnd = Callable[[Object, RouteTarget], Sequence[Operation]]
"""Returns the operations that move users as the run ends; none if they are where they belong."""


def keep_routes(_: Object, __: RouteTarget) -> Sequence[Operation]:
    """Return no operations: the routes stay as they are."""
    return ()


def release(writer: GuardedWriter, claim: Claim, record: Record, routes: RouteEnd = keep_routes) -> None:
    """Clean the anchor last: until then the claim can be found and released again; see `Claims.release`."""
    anchor, *others = claim.state.targets
    doing = f"releasing the claim of run {claim.run} on VirtualService {anchor.virtual_service}"

    def leave(obj: Object, target: RouteTarget) -> list[Operation]:
        seen = observe_claim(obj, claim.app)
        if seen is None:
            return close_unclaimed(obj, claim, record)
        if not seen.is_part_of(claim):
            return []
        return [*remove_annotations(obj, claim.app), *routes(obj, target)]

    def leave_record(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, claim.app)
        if seen is None and _is_recorded(obj, claim):
            return []
        if seen is None or not seen.token.is_of(claim):
            raise not_owner(doing, seen)
        kept = with_promotion(record, last_record(obj, claim.app))
        ended = remove_annotations(obj, claim.app, {record_key(claim.app): dump_record(kept)})
        return [*ended, *routes(obj, anchor)]

    for target in reversed(others):
        try:
            writer.write(target.virtual_service, partial(leave, target=target))
        except NotFound as error:
            log.warning("release.skipped", virtual_service=str(target.virtual_service), cause=error.cause)
    writer.write(anchor.virtual_service, leave_record)


def _is_recorded(obj: Object, claim: Claim) -> bool:
    record = last_record(obj, claim.app)
    return record is not None and (record.run, record.epoch) == (claim.run, claim.epoch)
