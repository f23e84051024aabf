"""When a claim expires, and when that is moved on: the one place where this is decided. Pure."""

from dataclasses import replace
from typing import Final

from steps.model.run import RunState

LONGEST_SECONDS: Final = 86_400.0
"""No claim lives longer after its last renewal, whatever its annotation says."""
RENEW_SECONDS: Final = 60.0
"""A renewal is an API write: at most one a minute."""
_SHARE: Final = 1 / 3
"""Of a short expiry: a claim of 30 s that is renewed once a minute would be swept under a living run."""
_CLOCKS_DIFFER_SECONDS: Final = 10.0
"""The API servers of one cluster may be so far apart, and a time of theirs has whole seconds."""


def is_expired(state: RunState, now: float) -> bool:
    """Return whether others may take a claim over.

    A renewal writes `expires` no further ahead than `expiry_seconds`. One that is further ahead was never written by a
    run at this time: somebody edited it, or the clock of an API server was wrong. Such a claim would never end, so it
    counts as expired. A living run whose clock was set back renews it at its next look.

    Args:
        state: of the run, as its first VirtualService has it.
        now: the API server's time, unix seconds.
    """
    return not now <= state.expires <= now + _lifetime(state) + _CLOCKS_DIFFER_SECONDS


def why_expired(state: RunState, now: float) -> str:
    """Return how a claim expired, half a sentence."""
    if state.expires > now:
        ahead = f"{state.expires - now:.0f} s ahead of the API server's time"
        return f"its expiry is {ahead}, and a claim lives at most {_lifetime(state):.0f} s"
    return f"it expired {now - state.expires:.0f} s ago"


def is_renewal_due(state: RunState, now: float) -> bool:
    """Return whether the last renewal is a minute ago, or a third of the expiry where that is less.

    A renewal that lies ahead is due, too: the clock was set back, and others would take the claim for a false one.
    """
    lifetime = _lifetime(state)
    since = now - (state.expires - lifetime)
    return since >= min(RENEW_SECONDS, lifetime * _SHARE) or since < -_CLOCKS_DIFFER_SECONDS / 2


def with_new_expiry(state: RunState, now: float) -> RunState:
    """Return the state with a whole expiry before it."""
    return replace(state, expires=round(now, 1) + _lifetime(state))


def _lifetime(state: RunState) -> float:
    return min(state.expiry_seconds, LONGEST_SECONDS)
