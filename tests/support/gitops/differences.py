"""Where a live object differs from its manifest, as GitOps tools compare them."""

from __future__ import annotations


def missing(wanted: object, found: object, path: str = "") -> list[str]:
    """Return where an object differs from its manifest; fields that the manifest does not have are left out."""
    if isinstance(wanted, dict):
        present = found if isinstance(found, dict) else {}
        return [line for key, value in wanted.items() for line in missing(value, present.get(key), f"{path}/{key}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [line for at, value in enumerate(wanted) for line in missing(value, found[at], f"{path}/{at}")]
    return [] if wanted == found else [f"{path}: {found!r}, not {wanted!r}"]
