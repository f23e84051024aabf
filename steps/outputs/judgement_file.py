"""The full judgement as a file: JSON with every number that led to the verdict."""

import json

from steps.model.judgement import Judgement
from steps.outputs import files


def save(judgement: Judgement, path: str) -> None:
    """Write a judgement to a file; without a path, write nothing.

    Raises:
        PermanentError: the file cannot be written.
    """
    if not path:
        return
    text = json.dumps(judgement.to_json(), indent=1, default=str)
    files.save(text, path, "--judgement-file", "writing the judgement")
