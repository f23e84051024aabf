"""How a run is brought to its end: patience and pauses."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run is brought to its end.

    Args:
        ready_timeout_seconds: how long stable may take to become ready with its old template (> 0).
        drain_seconds: time between weight 0 and the canary's end (>= 0).
        pause: waits so many seconds.
    """

    ready_timeout_seconds: float
    drain_seconds: float
    pause: Callable[[float], None] = time.sleep
