"""Results: small values, one file each, at the path in the environment variable `RESULT_<NAME>`."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from steps.errors import PermanentError
from steps.model.printable import printable
from steps.model.unwritable import UNWRITABLE, why

LIMIT_BYTES = 1024
"""All results of a step together: Tekton passes them in a termination message of 4 kB and needs part of it itself."""

SENTENCE_BYTES = 320

_announced: dict[str, str] = {}


def variable_name(name: str) -> str:
    """Return the environment variable that holds the path of a result: canary-hash → RESULT_CANARY_HASH."""
    return f"RESULT_{name.replace('-', '_').upper()}"


def truncate(text: str) -> str:
    """Return a sentence cut to at most 320 bytes, so that all results of a step fit in 1 kB."""
    text = printable(text.strip())
    if len(text.encode()) <= SENTENCE_BYTES:
        return text
    return text.encode()[: SENTENCE_BYTES - 3].decode(errors="ignore") + "..."


def reset() -> None:
    """Forget the results that an earlier step in this process announced."""
    _announced.clear()


def announce(name: str, value: str) -> None:
    """Write one result as soon as it is known, so that it exists however the step ends, even if it is killed.

    Raises:
        PermanentError: the file cannot be written.
    """
    path = os.environ.get(variable_name(name))
    if path:
        _write(Path(path), value, name)
        _announced[name] = value


def write(declared: Iterable[str], values: Mapping[str, str]) -> None:
    """Write every declared result: its value, else the announced one, else ""; without a trailing newline.

    Where one file cannot be written, the others are all the same.

    Args:
        declared: names of the step's results.
        values: results of the step; a name that is not declared is a bug.

    Raises:
        PermanentError: a file cannot be written, or all results together are larger than 1 kB.
    """
    names = list(declared)
    full = {name: values.get(name, _announced.get(name, "")) for name in names}
    size = sum(len(value.encode()) for value in full.values())
    if size > LIMIT_BYTES:
        sizes = ", ".join(f"{name} {len(value.encode())}" for name, value in full.items())
        raise PermanentError("writing the results", f"they have {size} bytes, the limit is {LIMIT_BYTES}: {sizes}")
    lost: list[PermanentError] = []
    for name, value in full.items():
        path = os.environ.get(variable_name(name))
        try:
            if path and not _is_announced(Path(path), value, name):
                _write(Path(path), value, name)
        except PermanentError as error:
            lost.append(error)
    if lost:
        raise lost[0]


def _is_announced(path: Path, value: str, name: str) -> bool:
    """Return whether the file holds the value already: to write it again on a full disk would empty it."""
    return _announced.get(name) == value and path.is_file()


def _write(path: Path, value: str, name: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value, encoding="utf-8", newline="")
    except UNWRITABLE as error:
        cause = f"{path}: {why(error)}. Point {variable_name(name)} at a writable place, for example an emptyDir."
        raise PermanentError(f"writing result {name}", cause) from error
