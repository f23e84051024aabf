"""Let nobody own the routes of a VirtualService where the end of a claim does not do it: applies would conflict."""

import structlog

from steps.claim.annotations import expect_unchanged, remove_managed_fields
from steps.claim.guarded_write import GuardedWriter
from steps.cluster.api import Object, Operation
from steps.errors import Interrupted, StepError
from steps.model.run import ObjectName

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def disown(writer: GuardedWriter, name: ObjectName) -> None:
    """Make the fields that we wrote nobody's; a failure is logged, since the users are where they belong."""

    def plan(obj: Object) -> list[Operation]:
        operations = remove_managed_fields(obj)
        return [*expect_unchanged(obj), *operations] if operations else []

    try:
        writer.write(name, plan)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("weight.not_disowned", virtual_service=str(name), cause=error.cause)
