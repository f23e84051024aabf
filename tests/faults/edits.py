"""What persons changed, and the little that a step may do because of it.

Two objects cannot be written in one transaction. A step reads where routes lead and then scales a Deployment, or reads
whether pods are ready and then moves users; what a person changes in between is seen at the next look. So one write
that was under way at that moment is not held against the step, and only what follows from it at the same place: every
other promise is checked there as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.faults.clock import CLOCK

if TYPE_CHECKING:
    from tests.faults.views import Place
    from tests.support.kubernetes_api.kinds import Kind

UNDER_WAY_SECONDS = 0.07
"""A read and the write that follows from it."""


class Edits:
    """The changes of persons in one lab.

    Attributes:
        is_writing: a person changes something at this moment: what goes with it is theirs.
        stopped: places whose pods were stopped by a write that was under way when a person led a route there;
            until they have pods again.
    """

    def __init__(self) -> None:
        self.is_writing = False
        self.stopped: set[Place] = set()
        self._gone: set[Place] = set()
        self._at: dict[str, float] = {}

    @contextmanager
    def by_person(self) -> Iterator[None]:
        """Take note that what is changed in this block is changed by a person."""
        self.is_writing = True
        try:
            yield
        finally:
            self.is_writing = False

    def note(self, kind: Kind) -> None:
        """Take note of a change."""
        self._at[kind.plural] = CLOCK.seconds

    def came_between(self, kind: Kind) -> bool:
        """Return whether a write that is seen now was decided before a person last changed an object of a kind."""
        return CLOCK.seconds - self._at.get(kind.plural, 0.0) < UNDER_WAY_SECONDS

    def has_pods(self, place: Place) -> None:
        """Take note that a place has pods: the last ones still, or new ones."""
        if place in self._gone:
            self._gone.discard(place)
            self.stopped.discard(place)

    def takes_users(self, place: Place) -> bool:
        """Return whether it is a person's doing that a place has no pods any more."""
        if place in self.stopped:
            self._gone.add(place)
        return self.is_writing or place in self.stopped
