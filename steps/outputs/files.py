"""Files that settings ask for: missing folders are created, and errors name the flag to change."""

from pathlib import Path

from steps.errors import PermanentError
from steps.model.unwritable import UNWRITABLE, why


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
