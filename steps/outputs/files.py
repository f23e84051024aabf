"""Files that settings ask for: missing folders are created, and errors name the flag to change."""

from pathlib import Path
from typing import Final

from steps.errors import PermanentError

UNWRITABLE: Final = (OSError, ValueError)
"""What a write raises: a full disk, a missing permission, a path with a NUL."""


def save(text: str, path: str, flag: str, doing: str) -> None:
    """Write a text file.

    Args:
        text: all of it; half a character, which JSON may hold, becomes a question mark.
        path: of the file.
        flag: the flag of the setting that names it.
        doing: what an error says the step was doing.

    Raises:
        PermanentError: the file cannot be written.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8", errors="replace")
    except UNWRITABLE as error:
        raise PermanentError(doing, f"{path}: {why(error)}. Point {flag} at a writable place.") from error


def why(error: OSError | ValueError) -> str:
    """Return in words why something was not written; the error's own text repeats the path."""
    return getattr(error, "strerror", None) or str(error)
