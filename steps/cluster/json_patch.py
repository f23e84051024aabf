"""JSON Patch operations (RFC 6902). Pure."""

from steps.cluster.api import Operation


def pointer(*parts: str | int) -> str:
    """Return a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def expect(value: object, *path: str | int) -> Operation:
    """Return the operation that refuses the patch unless `path` has this value."""
    return {"op": "test", "path": pointer(*path), "value": value}


def add(value: object, *path: str | int) -> Operation:
    """Return the operation that sets `path`, whether it has a value or not."""
    return {"op": "add", "path": pointer(*path), "value": value}


def remove(*path: str | int) -> Operation:
    """Return the operation that removes `path`, which must be there."""
    return {"op": "remove", "path": pointer(*path)}
