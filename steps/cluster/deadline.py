"""A time limit for all requests of one piece of work, so that nothing holds a worker for ever."""

import time

from steps.errors import TemporaryError


class Deadline:
    """The end of one piece of work.

    Args:
        seconds: from now on (> 0).
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._end = seconds, time.monotonic() + seconds

    def left(self, doing: str) -> float:
        """Return the seconds that are left, more than 0.

        Raises:
            TemporaryError: none are.
        """
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TemporaryError(doing, f"its time of {self._seconds:.0f} s is over, others wait. Run the step again.")
        return seconds

    def end_now(self) -> None:
        """Let the next request end the work."""
        self._end = 0.0
