"""The objects of a release as the model sees them: two VirtualServices and two Deployments.

Everything that the protocol does not look at is left out. A weight is a boolean (has the canary users?), a pod template
is one too (does stable run what the canary has?), and so is time (has the claim expired?).
"""

from __future__ import annotations

from typing import NamedTuple

PREPARED, WALKING, PROMOTING, ROLLING_BACK = "prepared", "walking", "promoting", "rolling-back"
ORDER = (PREPARED, WALKING, PROMOTING, ROLLING_BACK)


class Token(NamedTuple):
    """Who owns an object: `run:epoch:phase`."""

    owner: str
    epoch: int
    phase: str


class Routed(NamedTuple):
    """A VirtualService.

    Args:
        token: of the claim, None without one.
        exposed: whether the canary has users.
    """

    token: Token | None = None
    exposed: bool = False


class Deployed(NamedTuple):
    """A Deployment.

    Args:
        token: of the claim, None without one.
        on: stable: whether it has the canary's template, as after a promotion; canary: whether it has pods.
    """

    token: Token | None = None
    on: bool = False


class Objects(NamedTuple):
    """All objects, as the API server has them.

    Args:
        anchor: the first VirtualService: its token decides who owns the claim.
        second: the other VirtualService of the same release.
        stable: the Deployment that serves.
        canary: the Deployment under test.
        expired: whether the claim on the anchor has expired.
        promoting: whether the state on the anchor says that a promotion began; a takeover keeps that.
        known: whether the state on the anchor names the Deployments, as it does before any of them gets a token.
        record: the highest epoch that was released.
    """

    anchor: Routed = Routed()
    second: Routed = Routed()
    stable: Deployed = Deployed(on=True)
    canary: Deployed = Deployed()
    expired: bool = False
    promoting: bool = False
    known: bool = False
    record: int = 1
