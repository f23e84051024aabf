"""Places where no file can be written, as root too, by the reason in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path


def _full(folder: Path) -> str:
    path = folder / "full"
    if not path.is_symlink():
        path.symlink_to("/dev/full")
    return str(path)


UNWRITABLE: Mapping[str, Callable[[Path], str]] = {
    "a folder": str,
    "below a file": lambda _: f"{__file__}/file",
    "a read-only file system": lambda _: "/proc/none/file",
    "a full disk": _full,
    "no path": lambda folder: f"{folder}/a\0b",
}
"""Each returns a path, given a folder that may be written to."""
