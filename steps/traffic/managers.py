"""Who else wrote the routes of a VirtualService, by the API server's own book-keeping (`managedFields`)."""

from typing import Any

from steps.cluster.api import Object
from steps.cluster.connection import USER_AGENT


def last_manager(obj: Object) -> str:
    """Return who last set `spec.http` other than us, with the time: "kubectl-edit at 2026-05-01T10:00:00Z"."""
    entries = [
        entry
        for entry in obj["metadata"].get("managedFields") or []
        if entry.get("manager") != USER_AGENT and _sets_routes(entry)
    ]
    if not entries:
        return "an unknown manager"
    last = max(entries, key=lambda entry: str(entry.get("time") or ""))
    return f"{last.get('manager') or 'an unnamed manager'} at {last.get('time') or 'an unknown time'}"


def _sets_routes(entry: dict[str, Any]) -> bool:
    spec = (entry.get("fieldsV1") or {}).get("f:spec")
    # Without children the manager set the whole of it.
    return spec == {} or (isinstance(spec, dict) and "f:http" in spec)
