"""Files that settings ask for: missing folders are created, and errors name the flag to change."""

from pathlib import Path

from steps.errors import PermanentError


def save(text: str, path: str, flag: str, doing: str) -> None:
    """Write a text file.

    Args:
        text: all of it.
        path: of the file.
        flag: the flag of the setting that names it.
        doing: what an error says the step was doing.

    Raises:
        PermanentError: the file cannot be written.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise PermanentError(doing, f"{path}: {error.strerror}. Point {flag} at a writable place.") from error
