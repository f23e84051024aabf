"""How far an analysis is, for a workflow engine that shows it: one line `N/M` in a file."""

from pathlib import Path

import structlog

from steps.model.unwritable import UNWRITABLE, why

log: structlog.stdlib.BoundLogger = structlog.get_logger()

WHOLE = 100
"""M: percent."""


class Progress:
    """Writes the progress to the file that Argo's executor reads every few seconds (ARGO_PROGRESS_FILE).

    Args:
        path: the file. If it cannot be written, one warning is logged, and the analysis goes on.
    """

    def __init__(self, path: str) -> None:
        self._path, self._written, self._works = Path(path), -1, True

    def __call__(self, part: float) -> None:
        """Write how much of the whole is done, 0-1."""
        percent = round(min(max(part, 0.0), 1.0) * WHOLE)
        if percent == self._written or not self._works:
            return
        self._written = percent
        try:
            self._path.write_text(f"{percent}/{WHOLE}\n", encoding="utf-8")
        except UNWRITABLE as error:
            self._works = False
            log.warning("progress.lost", detail=f"--progress-file = {str(self._path)!r}: {why(error)}")
