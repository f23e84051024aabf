"""Where a process is killed: before or after one of its writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.support.kubernetes_api.faults import Call

Moment = Literal["before", "after"]


@dataclass
class KillPoint:
    """When a process dies: before or after its n-th write. The writes are counted in any case."""

    at_write: int = 0
    moment: Moment = "before"
    writes: int = 0

    def reached(self, call: Call, moment: Moment) -> bool:
        """Return whether the process dies here; a write is counted before it is made."""
        if call.is_write and moment == "before":
            self.writes += 1
        return call.is_write and self.writes == self.at_write and moment == self.moment
