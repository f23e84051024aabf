"""The full judgement as a file: JSON with every number that led to the verdict."""

import io
import json
from pathlib import Path
from typing import Final

import structlog

from steps.errors import Interrupted, SettingsError, StepError
from steps.model.judgement import Judgement
from steps.outputs import files

_MAX_BYTES: Final = 16 << 20

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def try_save(judgement: Judgement, path: str) -> None:
    """Write a judgement, but only log a failure: a verdict is acted on and kept in the claim, whatever a disk does.

    Args:
        judgement: of a rung.
        path: of the file; without one, nothing is written.
    """
    if not path:
        return
    try:
        text = json.dumps(judgement.to_json(), indent=1, default=str)
        files.save(text, path, "--judgement-file", "writing the judgement")
    except Interrupted:
        raise
    except StepError as error:
        log.error("judgement.lost", error=str(error))


def load(path: str, flag: str) -> dict[str, object]:
    """Return a judgement that `try_save` wrote.

    Raises:
        SettingsError: the file cannot be read, is too large, or is not a judgement.
    """
    doing = "reading a judgement"
    try:
        with io.BufferedReader(io.FileIO(Path(path))) as opened:
            text = opened.read(_MAX_BYTES + 1)
        content = json.loads(text[:_MAX_BYTES].decode())
    except (OSError, ValueError) as error:
        raise SettingsError(doing, f"{flag} = {path!r}: {error}") from error
    except RecursionError:
        raise SettingsError(doing, f"{flag} = {path!r}: is nested too deeply") from None
    if not isinstance(content, dict) or not isinstance(content.get("verdict"), str):
        raise SettingsError(doing, f"{flag} = {path!r}: is not a judgement of analyze")
    return content
