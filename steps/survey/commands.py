"""Remedies as commands to copy: kubectl lines with JSON that a shell takes as it is (pure)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from steps.cluster.kinds import Kind
from steps.model.run import ObjectName


def patch_command(kind: Kind, name: ObjectName, *operations: Mapping[str, Any]) -> str:
    """Return `kubectl patch` with a JSON Patch."""
    return f"kubectl patch {_resource(kind)} {name.name} -n {name.namespace} --type=json -p {_quoted(operations)}"


def apply_command(kind: Kind, name: ObjectName, body: Mapping[str, Any]) -> str:
    """Return `kubectl apply` of one object as a here-document."""
    metadata = {"name": name.name, "namespace": name.namespace, **(body.get("metadata") or {})}
    rest = {key: value for key, value in body.items() if key != "metadata"}
    text = json.dumps({"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, **rest}, indent=2)
    return f"kubectl apply -f - <<'EOF'\n{text}\nEOF"


def pointer(*parts: str | int) -> str:
    """Return a JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _resource(kind: Kind) -> str:
    """Return how kubectl names a kind: with its group, since Istio's kinds share names with others."""
    return f"{kind.plural}.{kind.group}" if "." in kind.group else kind.name.lower()


def _quoted(value: Sequence[Mapping[str, Any]]) -> str:
    text = json.dumps(list(value), separators=(",", ":"))
    return "'" + text.replace("'", "'\\''") + "'"
