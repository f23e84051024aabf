"""Standard output and error on a full disk, on a closed pipe, or missing: a log line that is lost stops no release."""

import io
import sys
from contextlib import suppress
from typing import TextIO

from steps.errors import PermanentError
from steps.model.unwritable import UNWRITABLE, why


class BestEffort:
    """A stream for log lines: what cannot be written is left out, and the next line is tried again.

    A log that raises in the middle of a step would keep users on a canary because of a full disk.

    Args:
        stream: where to write; None if the process has no such stream.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text if that is possible; return its length."""
        with suppress(*UNWRITABLE):
            if self._stream is not None:
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Send what was written if that is possible."""
        with suppress(*UNWRITABLE):
            if self._stream is not None:
                self._stream.flush()

    def isatty(self) -> bool:
        """Return whether a person reads along."""
        with suppress(*UNWRITABLE):
            return self._stream is not None and self._stream.isatty()
        return False


def complain(text: str) -> None:
    """Write a line to standard error if that is possible."""
    stream = BestEffort(sys.stderr)
    stream.write(f"{text}\n")
    stream.flush()


def send(text: str) -> None:
    """Write text to standard output as it is; a reader that went away, such as `head`, has seen enough.

    Raises:
        PermanentError: the text cannot be written.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        return
    except (*UNWRITABLE, AttributeError) as error:
        said = "it is closed" if isinstance(error, AttributeError) else why(error)
        raise PermanentError(
            "writing to standard output", f"{said}. Make room there, or send it to another file."
        ) from error


def settle() -> None:
    """Drop what cannot be written, so that the end of the process does not replace the step's exit code by 120."""
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except UNWRITABLE:
            setattr(sys, name, io.StringIO())
        except AttributeError:
            continue  # the process has no such stream
