"""A file that a setting asks for: its folder is made, and what cannot be written is told with the flag to change."""

from pathlib import Path

from steps.errors import PermanentError


def save(text: str, path: str, flag: str, doing: str) -> None:
    """Write a text file.

    Args:
        text: all of it.
        path: of the file.
        flag: the setting that names it.
        doing: what the error says was tried.

    Raises:
        PermanentError: the file cannot be written.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise PermanentError(doing, f"{path}: {error.strerror}. Point {flag} at a writable place.") from error
