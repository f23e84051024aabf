"""Who else wrote a field of an object, such as the routes of a VirtualService, by the API server's `managedFields`."""

from collections.abc import Mapping
from typing import Any

from steps.cluster.api import Object
from steps.cluster.connection import USER_AGENT
from steps.cluster.managing_tools import tool_of


def last_manager(obj: Object, field: str = "http") -> str:
    """Return who last set a field of `spec` other than us, with the time: "kubectl-edit at 2026-05-01T10:00:00Z".

    A tool that is known by its field manager is named: "argocd-controller at 2026-05-01T10:00:00Z (Argo CD)".
    """
    last = _last_entry(obj, field)
    if last is None:
        return "an unknown manager"
    name, tool = str(last.get("manager") or ""), tool_of(str(last.get("manager") or ""))
    shown = f" ({tool.name})" if tool else ""
    return f"{name or 'an unnamed manager'} at {last.get('time') or 'an unknown time'}{shown}"


def last_time(obj: Object, field: str) -> str:
    """Return when somebody other than us last set a field of `spec`, "" if that is unknown."""
    return str((_last_entry(obj, field) or {}).get("time") or "")


def remedy(obj: Object) -> str:
    """Return what keeps the last writer of `spec.http` from writing weights during a release, without a full stop."""
    tool = tool_of(str((_last_entry(obj) or {}).get("manager") or ""))
    if tool is None:
        return "Stop that manager from writing these weights during a release (GitOps: ignore them)"
    return f"Let {tool.name} leave these weights alone: {tool.keeps_weights} (docs/gitops.md)"


def _last_entry(obj: Object, field: str = "http") -> Mapping[str, Any] | None:
    entries = [
        entry
        for entry in obj["metadata"].get("managedFields") or []
        if entry.get("manager") != USER_AGENT and _sets(entry, field)
    ]
    return max(entries, key=lambda entry: str(entry.get("time") or ""), default=None)


def _sets(entry: Mapping[str, Any], field: str) -> bool:
    spec = (entry.get("fieldsV1") or {}).get("f:spec")
    # Without children, the manager set all of it.
    return spec == {} or (isinstance(spec, dict) and f"f:{field}" in spec)
