"""A process of the model, and what its steps are."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.schedules.model.cluster import PREPARED, Deployed, Objects, Token


class Actor(NamedTuple):
    """A process.

    Args:
        name: unique; the owner in its tokens.
        kind: `run`: ends if another run is alive; `rival`: supersedes it; `sweep`: only recovers.
        program: the list of `PROGRAMS` that it works on; "" once it ended.
        at: its place in that list.
        epoch: of its claim, 0 before.
        phase: the phase that it last wrote or read of its claim.
        took: whether it took the users of the second VirtualService away, long after those of the first.
        knows: whether the claim that it read or wrote names the Deployments.
    """

    name: str
    kind: str
    program: str
    at: int = 0
    epoch: int = 0
    phase: str = PREPARED
    took: bool = False
    knows: bool = False

    @property
    def token(self) -> Token:
        """Its token."""
        return Token(self.name, self.epoch, self.phase)


class Lost(Exception):  # noqa: N818 - an event, not a fault
    """The claim is another's by now, or nobody's."""


class Left(Exception):  # noqa: N818 - an event, not a fault
    """The process has nothing more to do."""


Result = tuple[Objects, Actor]
Step = Callable[[Objects, Actor], Result]
"""One write, or one look; returns both as they were if there is nothing to write.

Raises:
    Lost: the token is not its own. Left: it ends here.
"""


def owns(token: Token | None, me: Actor) -> bool:
    """Return whether a token is the process' own."""
    return token is not None and (token.owner, token.epoch) == (me.name, me.epoch)


def is_ours(token: Token | None, me: Actor) -> bool:
    """Return whether a token is of the claim, or of an earlier owner of it."""
    return token is not None and (token.epoch < me.epoch or owns(token, me))


def with_deployment(objects: Objects, name: str, deployed: Deployed) -> Objects:
    """Return the objects with another stable, or canary."""
    return objects._replace(stable=deployed) if name == "stable" else objects._replace(canary=deployed)


def require_anchor(objects: Objects, me: Actor) -> Token:
    """Return the token on the anchor, which is the process' own; else Lost."""
    token = objects.anchor.token
    if token is None or not owns(token, me):
        raise Lost
    return token
