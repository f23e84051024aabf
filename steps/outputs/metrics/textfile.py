"""Write samples to a file that another process reads at any time: it sees the old text or the new one, never a part."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steps.errors import PermanentError
from steps.model.listing import ListedApp
from steps.model.unwritable import UNWRITABLE, why
from steps.outputs.metrics.exposition import as_classic
from steps.outputs.metrics.samples import samples_of

_READABLE: Final = 0o644
"""Node exporter runs as another user."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file for node exporter's textfile collector, at `path`."""

    path: str

    def write(self, apps: Sequence[ListedApp]) -> None:
        """Replace the file.

        Raises:
            PermanentError: it cannot be written.
        """
        text, path = as_classic(samples_of(apps)), Path(self.path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The collector reads *.prom alone, so it never sees this name.
            number, staged = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            try:
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    file.write(text)
                Path(staged).chmod(_READABLE)
                Path(staged).replace(path)
            except BaseException:
                Path(staged).unlink(missing_ok=True)
                raise
        except UNWRITABLE as error:
            cause = f"--metrics-file = {self.path!r}: {why(error)}. Point it at a writable place."
            raise PermanentError("writing metrics", cause) from error
