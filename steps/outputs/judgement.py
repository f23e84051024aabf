"""The full judgement as a file: JSON with every number that led to the verdict."""

import json
from pathlib import Path

from steps.errors import PermanentError
from steps.model.judgement import Judgement


def save(judgement: Judgement, path: str) -> None:
    """Write a judgement to a file; no path, no file.

    Raises:
        PermanentError: the file cannot be written.
    """
    if not path:
        return
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(judgement.to_json(), indent=1, default=str), encoding="utf-8")
    except OSError as error:
        cause = f"{path}: {error.strerror}. Point --judgement-file at a writable place."
        raise PermanentError("writing the judgement", cause) from error
