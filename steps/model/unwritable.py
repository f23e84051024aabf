"""What a write to a file or stream raises, and why it failed in words."""

from typing import Final

UNWRITABLE: Final = (OSError, ValueError)
"""A full disk, a missing permission, a closed stream, a path with a NUL."""


def why(error: OSError | ValueError) -> str:
    """Return in words why something was not written; the error's own text repeats the path."""
    return getattr(error, "strerror", None) or str(error)
