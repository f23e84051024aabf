"""The full judgement as a file: JSON with every number that led to the verdict."""

import json

import structlog

from steps.errors import Interrupted, StepError
from steps.model.judgement import Judgement
from steps.outputs import files

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def save(judgement: Judgement, path: str) -> None:
    """Write a judgement to a file; without a path, write nothing.

    Raises:
        PermanentError: the file cannot be written.
    """
    if not path:
        return
    text = json.dumps(judgement.to_json(), indent=1, default=str)
    files.save(text, path, "--judgement-file", "writing the judgement")


def try_save(judgement: Judgement, path: str) -> None:
    """Write a judgement, but only log a failure: what the release does next matters more."""
    try:
        save(judgement, path)
    except Interrupted:
        raise
    except StepError as error:
        log.error("judgement.lost", error=str(error))  # noqa: TRY400 - a sentence helps more than our traceback
