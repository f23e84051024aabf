"""Delivers istiod's configuration to the proxies: at once, late, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

Snapshot = list[tuple[str, str]]


class Delivery:
    """Hands snapshots to the proxies in order, so that a late one does not undo a newer one."""

    def __init__(self, deliver: Callable[[Snapshot], None]) -> None:
        self._deliver = deliver
        self._numbers = count(1)
        self._newest = 0
        self.delay_seconds = 0.0
        self.alive = True

    def change(self, *, delay_seconds: float, alive: bool) -> None:
        """Set how late snapshots come from now on; a dead control plane loses those under way."""
        self.delay_seconds, self.alive = delay_seconds, alive
        if not alive:
            self._newest = next(self._numbers)

    def send(self, snapshot: Snapshot) -> None:
        """Deliver a snapshot as late as set."""
        number = next(self._numbers)
        if self.delay_seconds:
            asyncio.get_running_loop().call_later(self.delay_seconds, self._arrive, number, snapshot)
        else:
            self._arrive(number, snapshot)

    def _arrive(self, number: int, snapshot: Snapshot) -> None:
        if number > self._newest:
            self._newest = number
            self._deliver(snapshot)
