"""A clock that moves only when somebody waits: ten minutes of a release pass in milliseconds."""

from __future__ import annotations

import threading  # noqa: F401 - it takes its clock from `time` when it is loaded, which must be the real one
import time
from collections.abc import Callable


class VirtualClock:
    """The time of the whole process, wall clock and monotonic clock alike, once it is installed.

    Attributes:
        seconds: the time, unix seconds.
        on_wait: called after each wait, so that the cluster moves on meanwhile.
    """

    def __init__(self) -> None:
        self.seconds = 1_900_000_000.0
        self.on_wait: Callable[[], object] = lambda: None

    def install(self) -> None:
        """Replace the clocks of this process, before `steps` is imported, which keeps `time.sleep` in defaults."""
        vars(time).update(time=self.read, monotonic=self.read, sleep=self.sleep)

    def read(self) -> float:
        """Return the time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += max(seconds, 0.001)
        self.on_wait()


CLOCK = VirtualClock()
