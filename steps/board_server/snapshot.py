"""What the board knows: the apps as they were last read, and when and how each namespace was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from steps.board_server.rows import Row
from steps.model.listing import ListedApp

EVERYWHERE: Final = ""
"""Stands for the namespace where all namespaces are read by one request."""


@dataclass(frozen=True, slots=True)
class NamespaceReads:
    """How reading one namespace went so far.

    Args:
        succeeded: when it last succeeded, seconds of the monotonic clock; None if it never did.
        error: why the last attempt failed, one sentence; "" if it succeeded or there was none.
        failing_since: unix seconds of this process' clock at which the present failures began; 0 while there are none.
        errors: failed attempts since the start.
        seconds: how long the last attempt took.
    """

    succeeded: float | None = None
    error: str = ""
    failing_since: float = 0.0
    errors: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One app: as it was read, and what it means for a person."""

    app: ListedApp
    row: Row


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that pages are made of.

    Args:
        entries: of the apps, by namespace and name.
        reads: of each namespace that is watched.
        server_time: the API server's time of the newest answer (unix seconds), and the monotonic time of it.
    """

    entries: tuple[Entry, ...] = ()
    reads: Mapping[str, NamespaceReads] = field(default_factory=dict)
    server_time: tuple[float, float] = (0.0, 0.0)

    def now(self, clock: float) -> float:
        """Return the API server's time (unix seconds) at a moment of the monotonic clock."""
        server, then = self.server_time
        return server + clock - then

    def stale(self, clock: float, limit_seconds: float) -> dict[str, NamespaceReads]:
        """Return the namespaces whose last successful read is older than the limit, or that never had one."""
        return {
            name: one
            for name, one in self.reads.items()
            if one.succeeded is None or clock - one.succeeded > limit_seconds
        }

    def fresh(self, clock: float, limit_seconds: float) -> list[Entry]:
        """Return the apps of the namespaces that are not stale."""
        stale = self.stale(clock, limit_seconds)
        if len(stale) == len(self.reads):
            return []
        return [one for one in self.entries if one.app.namespace not in stale]
