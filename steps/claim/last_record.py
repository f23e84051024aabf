"""Read the record of an app's last run from a VirtualService."""

import structlog

from steps.claim.annotations import annotations_of
from steps.claim.keys import record_key
from steps.claim.observed import name_of
from steps.claim.record import load_record
from steps.cluster.api import Object
from steps.model.run import Record

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def last_record(obj: Object, app: str) -> Record | None:
    """Return the record of the app's last run, None if there is none; one that cannot be read is named in a warning."""
    text = annotations_of(obj).get(record_key(app))
    if text is None:
        return None
    try:
        record = load_record(text)
    except ValueError as error:
        log.warning("record.unreadable", detail=unreadable_record(obj, app, str(error)))
        return None
    if record.promotion is None and '"promotion"' in text:
        detail = unreadable_record(obj, app, "what an undo needs is damaged")
        log.warning("record.unreadable_promotion", detail=detail)
    return record


def unreadable_record(obj: Object, app: str, why: str) -> str:
    """Return a sentence about a record that cannot be read: the object, the annotation, and what helps."""
    name, key = name_of(obj), record_key(app)
    remedy = f"kubectl annotate virtualservice -n {name.namespace} {name.name} {key}-"
    return f"reading annotation {key} of VirtualService {name}: {why}. It only reports the past; to remove it: {remedy}"
