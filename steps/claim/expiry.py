"""When a claim expires, and when that is moved on. Pure."""

from dataclasses import replace
from typing import Final

from steps.model.run import RunState

RENEW_SECONDS: Final = 60.0
"""A renewal is an API write: at most one a minute."""
_SHARE: Final = 1 / 3
"""Of a short expiry: a claim of 30 s that is renewed once a minute would be swept under a living run."""


def is_renewal_due(state: RunState, now: float) -> bool:
    """Return whether the last renewal is a minute ago, or a third of the expiry where that is less."""
    since = now - (state.expires - state.expiry_seconds)
    return since >= min(RENEW_SECONDS, state.expiry_seconds * _SHARE)


def with_new_expiry(state: RunState, now: float) -> RunState:
    """Return the state with a whole expiry before it."""
    return replace(state, expires=round(now, 1) + state.expiry_seconds)
